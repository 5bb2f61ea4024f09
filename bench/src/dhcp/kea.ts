import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { launchProcess } from '@rackwright/testing';
import { launchPeer } from './launch-peer.js';
import { SUBNET } from './load-segment.js';
import type { Peer } from './peer.js';

/** Kea as its manual sets it up for the memfile backend: leases in memory and in a file, nothing logged per packet. */
export const kea: Peer = {
  name: 'kea',
  async start({ servers }) {
    const dir = await mkdtemp(join(servers.dir, 'kea-'));
    const config = join(dir, 'kea.json');
    await writeFile(config, JSON.stringify(configOf(servers, dir)));
    return launchPeer(
      await launchProcess({
        command: 'kea-dhcp4',
        args: ['-c', config],
        env: { KEA_PIDFILE_DIR: dir, KEA_LOCKFILE_DIR: dir },
        networkNamespace: servers.networkNamespace,
        installHint: 'bash tools/deps.sh bench',
      }),
      servers,
    );
  },
};

function configOf({ bridge, gateway }: { readonly bridge: string; readonly gateway: string }, dir: string): object {
  const { cidr, pool, leaseSeconds } = SUBNET;
  return {
    Dhcp4: {
      'interfaces-config': { interfaces: [`${bridge}/${gateway}`], 'dhcp-socket-type': 'udp' },
      'lease-database': { type: 'memfile', persist: true, name: join(dir, 'leases.csv') },
      'valid-lifetime': leaseSeconds,
      subnet4: [
        {
          id: 1,
          subnet: cidr,
          pools: [{ pool: `${pool.start}-${pool.end}` }],
          'option-data': [
            { name: 'routers', data: gateway },
            { name: 'domain-name-servers', data: gateway },
          ],
        },
      ],
      loggers: [{ name: 'kea-dhcp4', severity: 'ERROR', output_options: [{ output: join(dir, 'log') }] }],
    },
  };
}
