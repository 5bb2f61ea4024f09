import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { formatMac } from '@rackwright/kernel';
import { findBinary, fleetIdentity, VirtualMachine } from '@rackwright/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFirmwareSite, type FirmwareSite } from './firmware-site.js';
import { SegmentHost } from './segment-host.js';

const run = promisify(execFile);
/** Software emulation on two shared cores. */
const FIRMWARE_WITHIN_MS = 500_000;
const FILE = 'ipxe.efi';
const SERVER = '10.99.0.1';

const stack = new AsyncDisposableStack();
let site: FirmwareSite;

beforeAll(async () => {
  site = stack.use(await startFirmwareSite());
});
afterAll(() => stack.disposeAsync());

const digest = async (path: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex');

interface TftpClient {
  readonly command: string;
  readonly package: string;
  readonly argsFor: (target: string) => readonly string[];
}

const tftpClients: readonly TftpClient[] = [
  { command: 'tftp', package: 'tftp-hpa', argsFor: (to) => [SERVER, '-m', 'binary', '-c', 'get', FILE, to] },
  { command: 'atftp', package: 'atftp', argsFor: (to) => ['-g', '-r', FILE, '-l', to, SERVER] },
  { command: 'curl', package: 'curl', argsFor: (to) => ['-sS', '-o', to, `tftp://${SERVER}/${FILE}`] },
  { command: 'busybox', package: 'busybox', argsFor: (to) => ['tftp', '-g', '-r', FILE, '-l', to, SERVER] },
];

describe('real TFTP clients on the wire of a region', () => {
  let host: SegmentHost;

  beforeAll(async () => {
    host = stack.use(await SegmentHost.create());
    await host.plugInto(site.network);
    await host.ip('address', 'add', '10.99.0.20/24', 'dev', 'eth0');
  });

  it.each(tftpClients)('T1 $package gets a boot file from port 69 whole', async (client) => {
    const binary = findBinary(client.command, `apt-get install ${client.package}`);
    const target = join(host.dir, `${client.package}.efi`);
    await run('nsenter', [`--net=/run/netns/${host.name}`, '--', binary, ...client.argsFor(target)]);
    expect(await digest(target)).toBe(await digest(join(site.network.dir, 'assets', FILE)));
  });
});

describe('HTTP boot', () => {
  it('D40 a UEFI firmware without PXE gets its boot file and its script by HTTP', async () => {
    const identity = fleetIdentity('http', 1);
    await using machine = await VirtualMachine.powerOn({ network: site.network, identity, firmware: 'uefi-http' });
    await machine.waitForSerial(`${formatMac(identity.mac)} is known and waits`, FIRMWARE_WITHIN_MS);
    const serial = await machine.serial();
    expect(serial).toContain(`URI: http://${SERVER}:8081/ipxe/${FILE}`);
    const [, ofFirmware] = /Station IP address is (\S+)/.exec(serial) ?? [];
    const [, ofIpxe] = /net0: ([\d.]+)\/255\.255\.255\.0/.exec(serial) ?? [];
    // D31: through its stages the machine keeps its address. D41: iPXE was not given iPXE again.
    expect([ofFirmware, ofIpxe]).toEqual([expect.stringMatching(/^10\.99\.0\.[5-9]\d$/), ofFirmware]);
    expect(serial.split('initialising devices')).toHaveLength(2);
  });
});
