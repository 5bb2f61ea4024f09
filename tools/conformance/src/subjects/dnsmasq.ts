import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findBinary, launchProcess, prepareBootAssets, waitFor } from '@rackwright/testing';
import { LONG, RESERVED, SERVER, type Subject } from './subject.js';

const INSTALL_HINT = 'apt-get install dnsmasq-base';

/** dnsmasq as its manual has it for a network of its own: iPXE by user class or option 175, UEFI by architecture. */
const configuration = (dir: string, root: string): string => `
port=0
interface=br0
bind-interfaces
no-ping
dhcp-authoritative
dhcp-leasefile=${join(dir, 'leases')}
dhcp-range=set:first,10.99.0.100,10.99.0.199,255.255.255.0,1h
dhcp-range=set:second,10.98.0.100,10.98.0.199,255.255.255.0,1h
dhcp-option=tag:first,option:router,${SERVER}
dhcp-option=option:dns-server,${SERVER}
dhcp-option=option:domain-search,example.org,example.net
dhcp-option=tag:first,option:classless-static-route,10.50.0.0/16,10.99.0.254,0.0.0.0/0,${SERVER}
dhcp-host=${RESERVED.mac},${RESERVED.ip}
dhcp-host=${LONG.mac},${LONG.ip},set:long
dhcp-match=set:efi64,option:client-arch,7
dhcp-match=set:ipxe,175
dhcp-userclass=set:ipxe,iPXE
dhcp-boot=tag:ipxe,http://${SERVER}/boot.ipxe
dhcp-boot=tag:long,tag:!ipxe,${LONG.file}
dhcp-boot=tag:efi64,tag:!ipxe,tag:!long,ipxe.efi
dhcp-match=set:http,option:client-arch,16
dhcp-option-force=tag:http,60,HTTPClient
dhcp-boot=tag:http,http://${SERVER}/ipxe.efi
enable-tftp
tftp-root=${root}
`;

export const dnsmasq: Subject = {
  name: 'dnsmasq',
  hasTftp: true,
  version: async () => {
    const { stdout } = await promisify(execFile)(findBinary('dnsmasq', INSTALL_HINT), ['--version']);
    return /version (\S+)/.exec(stdout)?.[1] ?? 'unknown';
  },
  start: async (network) => {
    await network.ip('address', 'add', '10.98.0.1/24', 'dev', network.bridge);
    const dir = join(network.dir, 'dnsmasq');
    await mkdir(dir, { recursive: true });
    const file = join(dir, 'dnsmasq.conf');
    await writeFile(file, configuration(dir, await prepareBootAssets(join(dir, 'tftp'))));
    const server = await launchProcess({
      command: 'dnsmasq',
      args: ['--no-daemon', '--user=root', `--conf-file=${file}`],
      networkNamespace: network.networkNamespace,
      installHint: INSTALL_HINT,
    });
    await waitFor(() => server.output().includes('DHCP, IP range') || server.hasExited(), { what: 'dnsmasq serves' });
    if (server.hasExited()) throw new Error(`dnsmasq ended:\n${server.output()}`);
    return server;
  },
};
