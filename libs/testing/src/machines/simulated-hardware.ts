import { formatMac } from '@rackwright/kernel';
import type { MachineIdentity } from './machine-identity.js';

/** What the agent of a simulated machine finds in it: the document `POST /api/v1/report` takes as `hardware`. */
export function simulatedHardware(identity: MachineIdentity): Record<string, unknown> {
  const mac = formatMac(identity.mac);
  return {
    cpu: { model: 'Simulated CPU', sockets: 1, cores: 8, threads: 16 },
    memory: { total_gb: 64, dimms: [{ slot: 'A1', size_gb: 64 }] },
    disks: [{ device: '/dev/sda', size_gb: 480, type: 'SSD', model: 'SIM480', serial: `D${identity.sn}` }],
    network: [{ interface: 'eth0', mac, speed: '10000', driver: 'virtio_net', link: true }],
    bios: { vendor: 'Simulated', version: '1.0', serial: identity.sn },
    mac_address: mac,
  };
}
