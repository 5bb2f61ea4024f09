import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findBinary, launchProcess, waitFor } from '@rackwright/testing';
import { LONG, RESERVED, SERVER, type Subject } from './subject.js';

const INSTALL_HINT = 'apt-get install kea-dhcp4-server';

const routes = '100A320A6300FE000A630001';

/** Kea with its lease file on disk; iPXE by user class or option 175, UEFI by architecture. */
function configuration(dir: string): object {
  const boot = [
    {
      name: 'ipxe',
      test: "option[77].hex == 'iPXE' or option[77].hex == 0x0469505845 or option[175].exists",
      'boot-file-name': `http://${SERVER}/boot.ipxe`,
    },
    {
      name: 'http',
      test: 'option[93].hex == 0x0010',
      'boot-file-name': `http://${SERVER}/ipxe.efi`,
      'option-data': [{ name: 'vendor-class-identifier', data: 'HTTPClient', 'always-send': true }],
    },
    { name: 'efi64', test: "option[93].hex == 0x0007 and not member('ipxe')", 'boot-file-name': 'ipxe.efi' },
  ];
  const subnet = (id: number, net: string, more: object): object => ({
    id,
    subnet: `${net}.0/24`,
    pools: [{ pool: `${net}.100 - ${net}.199` }],
    'option-data': [{ name: 'routers', data: `${net}.1` }],
    ...more,
  });
  return {
    Dhcp4: {
      'interfaces-config': { interfaces: ['br0'] },
      'lease-database': { type: 'memfile', persist: true, name: join(dir, 'leases.csv') },
      'valid-lifetime': 3_600,
      'renew-timer': 1_800,
      'rebind-timer': 3_150,
      authoritative: true,
      'next-server': SERVER,
      'client-classes': boot,
      'option-data': [
        { name: 'domain-name-servers', data: SERVER },
        { name: 'domain-search', data: 'example.org, example.net' },
        { code: 121, space: 'dhcp4', 'csv-format': false, data: routes },
      ],
      subnet4: [
        subnet(1, '10.99.0', {
          reservations: [
            { 'hw-address': RESERVED.mac, 'ip-address': RESERVED.ip },
            {
              'hw-address': LONG.mac,
              'ip-address': LONG.ip,
              'option-data': [{ name: 'boot-file-name', data: LONG.file, 'always-send': true }],
            },
          ],
        }),
        subnet(2, '10.98.0', {}),
      ],
      loggers: [{ name: 'kea-dhcp4', output_options: [{ output: 'stdout' }], severity: 'INFO' }],
    },
  };
}

export const kea: Subject = {
  name: 'Kea',
  hasTftp: false,
  version: async () => {
    const { stdout } = await promisify(execFile)(findBinary('kea-dhcp4', INSTALL_HINT), ['-v']);
    return stdout.trim();
  },
  start: async (network) => {
    const dir = join(network.dir, 'kea');
    await mkdir(dir, { recursive: true });
    const file = join(dir, 'kea.json');
    await writeFile(file, JSON.stringify(configuration(dir), undefined, 2));
    const server = await launchProcess({
      command: 'kea-dhcp4',
      args: ['-c', file],
      env: { KEA_PIDFILE_DIR: dir, KEA_LOCKFILE_DIR: dir },
      networkNamespace: network.networkNamespace,
      installHint: INSTALL_HINT,
    });
    await waitFor(() => server.output().includes('DHCP4_STARTED') || server.hasExited(), { what: 'Kea serves' });
    if (server.hasExited()) throw new Error(`Kea ended:\n${server.output()}`);
    return server;
  },
};
