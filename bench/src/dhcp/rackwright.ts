import { mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { keyspace } from '@rackwright/contracts';
import { launchEtcd, launchNats, launchService } from '@rackwright/testing';
import { RawEtcd } from '../lab/raw-etcd.js';
import { RELAY, SUBNET, type LoadSegment } from './load-segment.js';
import type { Peer } from './peer.js';

const IDC = 'dc1';
const HTTP_PORT = 8081;

/** A region as it is deployed: leases durable before each ACK, copied to a real etcd, events and all. */
export const rackwright: Peer = {
  name: 'rackwright',
  async start(segment) {
    await using stack = new AsyncDisposableStack();
    const etcd = stack.use(await launchEtcd({ isDurable: true }));
    const nats = stack.use(await launchNats());
    await putSubnet(etcd.endpoint);
    const url = await openDoors(segment, [etcd.port, nats.port]);
    const stateDir = await mkdtemp(join(segment.servers.dir, 'region-'));
    await mkdir(join(stateDir, 'assets'));
    const region = stack.use(
      await launchService({
        app: 'regional',
        networkNamespace: segment.servers.networkNamespace,
        port: HTTP_PORT,
        url,
        env: {
          RW_IDC: IDC,
          RW_ETCD_ENDPOINTS: etcd.endpoint,
          RW_NATS_URL: nats.url,
          RW_AUTH: 'off-i-understand',
          RW_STATE_DIR: stateDir,
          RW_ASSET_DIR: join(stateDir, 'assets'),
          RW_HTTP_HOST: segment.servers.gateway,
          RW_NEXT_SERVER: segment.servers.gateway,
          RW_DHCP_MODE: 'server',
          RW_DHCP_ADDRESS: segment.servers.gateway,
          RW_DHCP_RELAYS: RELAY,
          RW_TFTP_ADDRESS: segment.servers.gateway,
        },
      }),
    );
    const owned = stack.move();
    return {
      pid: region.pid,
      assertAlive: () => {
        if (region.hasExited()) throw new Error(`the region has ended:\n${region.output()}`);
      },
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  },
};

async function openDoors({ servers }: LoadSegment, inward: readonly number[]): Promise<string> {
  const [port] = await servers.openDoors({ inward, outward: [HTTP_PORT] });
  return `http://127.0.0.1:${String(port)}`;
}

async function putSubnet(endpoint: string): Promise<void> {
  using etcd = new RawEtcd(endpoint);
  const { cidr, pool, gateway, leaseSeconds } = SUBNET;
  const record = { name: 'load', cidr, pools: [pool], gateway, dns: [gateway], lease_seconds: leaseSeconds };
  await etcd.client.put(keyspace.subnet.key({ idc: IDC, name: 'load' })).value(JSON.stringify(record));
}
