import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { launchProcess } from '@rackwright/testing';
import { launchPeer } from './launch-peer.js';
import { SUBNET } from './load-segment.js';
import type { Peer } from './peer.js';

const MAX_LEASES = 65_536;

/** dnsmasq without DNS, without its ping before each offer and without a line of log per packet. */
export const dnsmasq: Peer = {
  name: 'dnsmasq',
  async start({ servers }) {
    const dir = await mkdtemp(join(servers.dir, 'dnsmasq-'));
    const { pool, netmask, leaseSeconds } = SUBNET;
    return launchPeer(
      await launchProcess({
        command: 'dnsmasq',
        args: [
          ...['--keep-in-foreground', '--conf-file=/dev/null', '--user=root', '--port=0', '--no-ping', '--quiet-dhcp'],
          ...[`--interface=${servers.bridge}`, '--bind-interfaces', '--dhcp-authoritative'],
          `--pid-file=${join(dir, 'pid')}`,
          `--dhcp-leasefile=${join(dir, 'leases')}`,
          `--dhcp-lease-max=${String(MAX_LEASES)}`,
          `--dhcp-range=${pool.start},${pool.end},${netmask},${String(leaseSeconds)}`,
        ],
        networkNamespace: servers.networkNamespace,
        installHint: 'bash tools/deps.sh bench',
      }),
      servers,
    );
  },
};
