import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ApiClient,
  launchEtcd,
  launchNats,
  launchService,
  prepareBootAssets,
  waitFor,
  type PrivateNetwork,
} from '@rackwright/testing';
import { HTTP_PORT, LONG, RESERVED, RUNNER, SERVER, siteOf, type Subject } from './subject.js';

const IDC = 'dc1';

interface Answer {
  readonly fields: readonly { readonly name: string; readonly value: string }[];
}

async function describeSite(api: ApiClient): Promise<void> {
  const range = (net: string) => ({
    cidr: `${net}.0/24`,
    pools: [{ start: `${net}.100`, end: `${net}.199` }],
    lease_seconds: 3_600,
  });
  const shared = { dns: [SERVER], search: ['example.org', 'example.net'] };
  await api.call('PUT', `/api/v1/subnets/${IDC}/first`, {
    ...{ ...range('10.99.0'), ...shared, gateway: SERVER },
    routes: [{ destination: '10.50.0.0/16', gateway: '10.99.0.254' }],
  });
  await api.call('PUT', `/api/v1/subnets/${IDC}/second`, {
    ...range('10.98.0'),
    ...shared,
    gateway: siteOf.second.link,
  });
  await api.call('PUT', `/api/v1/reservations/${IDC}/${RESERVED.mac}`, { ip: RESERVED.ip });
  await api.call('PUT', `/api/v1/reservations/${IDC}/${LONG.mac}`, { ip: LONG.ip, boot_files: { 7: LONG.file } });
}

async function settings(network: PrivateNetwork): Promise<Readonly<Record<string, string>>> {
  const assets = await prepareBootAssets(join(network.dir, 'assets'));
  await writeFile(join(assets, LONG.file), 'long');
  return {
    RW_IDC: IDC,
    RW_STATE_DIR: join(network.dir, 'region'),
    RW_ASSET_DIR: assets,
    RW_AUTH: 'off-i-understand',
    RW_HTTP_HOST: network.gateway,
    RW_NEXT_SERVER: network.gateway,
    RW_TFTP_ADDRESS: network.gateway,
    RW_DHCP_MODE: 'server',
    RW_DHCP_INTERFACE: network.bridge,
  };
}

/** The region itself, with etcd, NATS and the control plane outside of the network. */
export const rackwright: Subject = {
  name: 'Rackwright',
  hasTftp: true,
  httpFile: '/ipxe/ipxe.efi',
  version: async () => 'this checkout',
  start: async (network) => {
    await using stack = new AsyncDisposableStack();
    const etcd = stack.use(await launchEtcd());
    const nats = stack.use(await launchNats());
    const env = { RW_ETCD_ENDPOINTS: etcd.endpoint, RW_NATS_URL: nats.url };
    const controlPlane = stack.use(await launchService({ app: 'control-plane', env }));
    const api = new ApiClient(controlPlane.url);
    await describeSite(api);
    const [outside] = await network.openDoors({ inward: [etcd.port, nats.port], outward: [HTTP_PORT] });
    const url = `http://127.0.0.1:${String(outside)}`;
    const where = { networkNamespace: network.networkNamespace, port: HTTP_PORT, url };
    stack.use(await launchService({ app: 'regional', ...where, env: { ...env, ...(await settings(network)) } }));
    const question = { idc: IDC, mac: LONG.mac, giaddr: RUNNER };
    await waitFor(
      async () => {
        const { fields } = await api.call<Answer>('POST', '/api/v1/boot/explain', question);
        return fields.some(({ name, value }) => name === 'yiaddr' && value === LONG.ip);
      },
      { what: 'the region knows its subnets and reservations' },
    );
    return stack.move();
  },
};
