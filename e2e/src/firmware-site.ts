import { join } from 'node:path';
import {
  ApiClient,
  launchEtcd,
  launchNats,
  launchService,
  prepareBootAssets,
  PrivateNetwork,
  TraceCollector,
  type MachineIdentity,
  type ServiceProcess,
} from '@rackwright/testing';

/** A region that real firmware boots from, and what stands behind it. */
export interface FirmwareSite extends AsyncDisposable {
  readonly idc: string;
  readonly network: PrivateNetwork;
  /** The control plane. */
  readonly api: ApiClient;
  readonly regional: ServiceProcess;
  readonly collector: TraceCollector;
}

const IDC = 'dc1';
const REGION_PORT = 8081;
const LEASE_SECONDS = 3_600;

/**
 * Starts the product with its region inside a private network, on the ports firmware uses. The machines are there; etcd,
 * NATS and the control plane are outside, and nothing but TCP between them and the region crosses.
 */
export async function startFirmwareSite(
  regionEnv: Readonly<Record<string, string>> = {},
  withoutCapabilities: readonly string[] = [],
): Promise<FirmwareSite> {
  await using stack = new AsyncDisposableStack();
  const network = stack.use(await PrivateNetwork.create());
  const collector = stack.use(await TraceCollector.start());
  const etcd = stack.use(await launchEtcd());
  const nats = stack.use(await launchNats());
  const env = { RW_ETCD_ENDPOINTS: etcd.endpoint, RW_NATS_URL: nats.url, RW_OTLP_ENDPOINT: collector.url };
  const controlPlane = stack.use(await launchService({ app: 'control-plane', env }));
  const api = new ApiClient(controlPlane.url);
  await api.call('PUT', `/api/v1/subnets/${IDC}/machines`, {
    cidr: '10.99.0.0/24',
    pools: [{ start: '10.99.0.50', end: '10.99.0.99' }],
    // The installer asks a person for name servers when DHCP gives none.
    ...{ gateway: network.gateway, dns: [network.gateway], lease_seconds: LEASE_SECONDS },
  });
  const inward = [etcd.port, nats.port, Number(new URL(collector.url).port)];
  const [outsidePort] = await network.openDoors({ inward, outward: [REGION_PORT] });
  const regional = stack.use(
    await launchService({
      app: 'regional',
      networkNamespace: network.networkNamespace,
      withoutCapabilities,
      port: REGION_PORT,
      url: `http://127.0.0.1:${String(outsidePort)}`,
      env: { ...env, ...(await regionSettings(network)), ...regionEnv },
    }),
  );
  const owned = stack.move();
  return { idc: IDC, network, api, regional, collector, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function regionSettings(network: PrivateNetwork): Promise<Readonly<Record<string, string>>> {
  return {
    RW_IDC: IDC,
    RW_STATE_DIR: join(network.dir, 'region'),
    RW_ASSET_DIR: await prepareBootAssets(join(network.dir, 'assets')),
    RW_AUTH: 'off-i-understand',
    RW_HTTP_HOST: network.gateway,
    RW_NEXT_SERVER: network.gateway,
    RW_TFTP_ADDRESS: network.gateway,
    RW_DHCP_MODE: 'server',
    RW_DHCP_INTERFACE: network.bridge,
  };
}

/** Does what the installer of a machine would: fetches its script and answer file, and reports that it finished. */
export async function finishInstallation(site: FirmwareSite, { mac, sn }: MachineIdentity): Promise<void> {
  const script = await get(site, `/boot/${mac}/boot.ipxe`);
  const [url, token] = /\/preseed\/\S*[?&]token=([\w-]+)/.exec(script) ?? [];
  if (url === undefined || token === undefined) throw new Error(`no answer file in the script of ${sn}:\n${script}`);
  await get(site, url);
  const reported = await fetch(`${site.regional.url}/api/v1/device/installComplete`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ sn, status: 'success' }),
  });
  if (!reported.ok) throw new Error(`installComplete: ${String(reported.status)} ${await reported.text()}`);
}

async function get(site: FirmwareSite, path: string): Promise<string> {
  const response = await fetch(`${site.regional.url}${path}`);
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${String(response.status)} ${text}`);
  return text;
}
