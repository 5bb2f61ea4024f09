import { execFile } from 'node:child_process';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBinary, launchProcess, waitFor, type LaunchedProcess } from '@rackwright/testing';
import { startFirmwareSite, type FirmwareSite } from './firmware-site.js';

const run = promisify(execFile);
const stack = new AsyncDisposableStack();
let site: FirmwareSite;
let namespace: string;

/** What a DHCP client does with an address, noted down: the event, the address, the routers. */
const NOTE = `#!/bin/sh
PATH=/usr/sbin:/usr/bin:/sbin:/bin
event=\${1:-$reason}
address=\${ip:-$new_ip_address}
case "$event" in
  bound|renew|BOUND|REBOOT|RENEW|REBIND) ip address replace "$address/24" dev eth0 ;;
  deconfig|PREINIT) ip link set eth0 up ;;
esac
echo "$event $address \${router:-$new_routers}" >> "$(dirname "$0")/events"
`;

beforeAll(async () => {
  site = stack.use(await startFirmwareSite());
  namespace = `client-${String(process.pid)}`;
  await run('ip', ['netns', 'add', namespace]);
  stack.defer(async () => {
    await run('ip', ['netns', 'del', namespace]);
  });
  const inSite = (...args: readonly string[]) => run('ip', ['-n', site.network.networkNamespace, ...args]);
  await inSite('link', 'add', 'client0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
  await inSite('link', 'set', 'client0', 'master', site.network.bridge, 'up');
  await run('ip', ['-n', namespace, 'link', 'set', 'lo', 'up']);
  await writeFile(join(site.network.dir, 'note'), NOTE);
  await chmod(join(site.network.dir, 'note'), 0o755);
});
afterAll(() => stack.disposeAsync());

const events = async (): Promise<string> => readFile(join(site.network.dir, 'events'), 'utf8').catch(() => '');

async function client(command: string, args: readonly string[]): Promise<LaunchedProcess> {
  await writeFile(join(site.network.dir, 'events'), '');
  await run('ip', ['-n', namespace, 'address', 'flush', 'dev', 'eth0']);
  return stack.use(
    await launchProcess({
      command,
      args,
      networkNamespace: namespace,
      installHint: 'apt-get install udhcpc isc-dhcp-client',
    }),
  );
}

interface LeaseRow {
  readonly ip: string;
  readonly state: string;
  readonly version: number;
}

async function leaseOf(ip: string): Promise<LeaseRow | undefined> {
  const response = await fetch(`${site.regional.url}/api/v1/pxe/dhcp/leases`);
  const leases = (await response.json()) as readonly LeaseRow[];
  return leases.find((lease) => lease.ip === ip);
}

async function boundAddress(ran: LaunchedProcess, shape: RegExp): Promise<string> {
  await waitFor(async () => shape.test(await events()) || ran.hasExited(), {
    what: 'an address',
    deadlineMs: 30_000,
  });
  const [, address = ''] = shape.exec(await events()) ?? [];
  expect([address, ran.output()]).toEqual([expect.stringMatching(/^10\.99\.0\.\d+$/), expect.anything()]);
  return address;
}

describe('real DHCP clients on the wire of a region', () => {
  it('udhcpc obtains an address, renews it and gives it back', async () => {
    const script = join(site.network.dir, 'note');
    const udhcpc = await client('udhcpc', ['-f', '-i', 'eth0', '-s', script, '-R']);
    const address = await boundAddress(udhcpc, /^bound (\S+) 10\.99\.0\.1$/m);
    expect(await leaseOf(address)).toMatchObject({ state: 'active', version: 1 });
    process.kill(udhcpc.pid, 'SIGUSR1');
    await waitFor(async () => (await events()).includes(`renew ${address}`), {
      what: 'the renewal',
      deadlineMs: 30_000,
    });
    expect(await leaseOf(address)).toMatchObject({ state: 'active', version: 2 });
    await udhcpc.stop();
    await waitFor(async () => (await leaseOf(address))?.state === 'released', { what: 'the release' });
  });

  it('dhclient obtains an address, gets it again after a restart, and gives it back', async () => {
    const { dir } = site.network;
    const files = ['-lf', join(dir, 'dhclient.leases'), '-pf', join(dir, 'dhclient.pid'), '-sf', join(dir, 'note')];
    const dhclient = findBinary('dhclient', 'apt-get install isc-dhcp-client');
    const first = await client(dhclient, ['-4', '-d', ...files, 'eth0']);
    const address = await boundAddress(first, /^BOUND (\S+) 10\.99\.0\.1$/m);
    await first.kill9();
    const second = await client(dhclient, ['-4', '-d', ...files, 'eth0']);
    expect(await boundAddress(second, /^(?:BOUND|REBOOT|RENEW) (\S+) 10\.99\.0\.1$/m)).toBe(address);
    await second.kill9();
    await run('ip', ['netns', 'exec', namespace, dhclient, '-4', '-r', ...files, 'eth0']);
    await waitFor(async () => (await leaseOf(address))?.state === 'released', {
      what: 'the release',
      deadlineMs: 30_000,
    });
  });
});
