import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findBinary, PacketCapture, waitFor, type LaunchedProcess } from '@rackwright/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readReplyFrame, type ReplyFrame } from './dhcp-frames.js';
import { startFirmwareSite, type FirmwareSite } from './firmware-site.js';
import { SegmentHost } from './segment-host.js';

const EXCHANGE_WITHIN_MS = 90_000;
const BROADCAST = { toCard: 'ff:ff:ff:ff:ff:ff', toAddress: '255.255.255.255' };

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

let site: FirmwareSite;
beforeAll(async () => {
  site = await startFirmwareSite();
});
afterAll(() => site[Symbol.asyncDispose]());

let host: SegmentHost;
/** DHCP messages to the host. */
let replies: PacketCapture;
let stack: AsyncDisposableStack;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  host = stack.use(await SegmentHost.create());
  await host.plugInto(site.network);
  const listen = { networkNamespace: host.name, interfaceName: 'eth0', filter: 'udp dst port 68' };
  replies = stack.use(await PacketCapture.start({ ...listen, direction: 'in' }));
  await writeFile(join(host.dir, 'note'), NOTE);
  await chmod(join(host.dir, 'note'), 0o755);
});
afterEach(() => stack.disposeAsync());

const events = (): Promise<string> => readFile(join(host.dir, 'events'), 'utf8').catch(() => '');

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

/** The address that `find` finds in time; with it what the client said. */
async function obtained(client: LaunchedProcess, find: () => Promise<string | undefined>): Promise<string> {
  const expectation = { what: 'an address', deadlineMs: EXCHANGE_WITHIN_MS };
  const address = await waitFor(async () => (await find()) ?? (client.hasExited() && 'none'), expectation);
  expect([address, client.output()]).toEqual([expect.stringMatching(/^10\.99\.0\.\d+$/), expect.anything()]);
  return address;
}

const noted = (client: LaunchedProcess, shape: RegExp): Promise<string> =>
  obtained(client, async () => shape.exec(await events())?.[1]);

const configured = (client: LaunchedProcess): Promise<string> =>
  obtained(client, async () => (await host.addresses())[0]);

/** Waits until the lease is in that state, and was acknowledged again since it had version `after`. */
const leaseBecomes = (ip: string, state: string, after = 0): Promise<LeaseRow> =>
  waitFor(
    async () => {
      const lease = await leaseOf(ip);
      return lease?.state === state && lease.version > after && lease;
    },
    { what: `the lease of ${ip} becomes ${state}`, deadlineMs: EXCHANGE_WITHIN_MS, pollMs: 100 },
  );

/** The offer and the acknowledgement, each as often as the client asked for it. */
async function repliesSoFar(): Promise<readonly ReplyFrame[]> {
  return (await replies.waitForFrames(2, 'an offer and an acknowledgement')).map(readReplyFrame);
}

/** RFC 2131 section 4.1: a client with a clear broadcast bit is answered on its card, at the address it shall have. */
async function expectFramesToCardOnly(address: string): Promise<void> {
  const toCard = await host.hardwareAddress();
  for (const frame of await repliesSoFar()) expect(frame).toEqual({ toCard, toAddress: address, offered: address });
}

describe('real DHCP clients on the wire of a region', () => {
  it('D8 udhcpc obtains an address, renews it and gives it back', async () => {
    const udhcpc = stack.use(
      await host.start({
        command: 'udhcpc',
        args: ['-f', '-i', 'eth0', '-s', join(host.dir, 'note'), '-R'],
        installHint: 'apt-get install udhcpc',
      }),
    );
    const address = await noted(udhcpc, /^bound (\S+) 10\.99\.0\.1$/m);
    const { version } = await leaseBecomes(address, 'active');
    await expectFramesToCardOnly(address);
    process.kill(udhcpc.pid, 'SIGUSR1');
    await waitFor(async () => (await events()).includes(`renew ${address}`), {
      what: 'the renewal',
      deadlineMs: EXCHANGE_WITHIN_MS,
    });
    await leaseBecomes(address, 'active', version);
    await udhcpc.stop();
    await leaseBecomes(address, 'released');
  });

  it('D9 is answered on the interface of the region, and nothing leaves by another (RFC 2131 section 4.1)', async () => {
    const stranger = stack.use(await SegmentHost.create());
    // Another interface of the host that the region runs on.
    await stranger.wireToServers(site.network, { far: 'other0', farAddress: '10.97.0.1/24' });
    const listen = { networkNamespace: stranger.name, interfaceName: 'eth0', filter: 'udp portrange 67-68' };
    await using onOther = await PacketCapture.start(listen);
    const udhcpc = (on: SegmentHost): Promise<LaunchedProcess> => {
      const args = ['-f', '-i', 'eth0', '-s', '/bin/true', '-t', '90', '-T', '1'];
      return on.start({ command: 'udhcpc', args, installHint: 'apt-get install udhcpc' });
    };
    stack.use(await udhcpc(stranger));
    await onOther.waitForFrames(2, 'two requests of the stranger');
    const client = stack.use(await udhcpc(host));
    await waitFor(() => client.output().includes('obtained from 10.99.0.1'), {
      what: 'an address',
      deadlineMs: EXCHANGE_WITHIN_MS,
    });
    const senders = (await onOther.frames()).map((frame) => frame.subarray(26, 30).join('.'));
    expect(new Set(senders)).toEqual(new Set(['0.0.0.0']));
  });

  it('D8 dhclient obtains an address, gets it again after a restart, and gives it back', async () => {
    const { dir } = host;
    const files = ['-lf', join(dir, 'dhclient.leases'), '-pf', join(dir, 'dhclient.pid'), '-sf', join(dir, 'note')];
    const installHint = 'apt-get install isc-dhcp-client';
    const start = (...args: readonly string[]): Promise<LaunchedProcess> =>
      host.start({
        command: findBinary('dhclient', installHint),
        args: ['-4', ...args, ...files, 'eth0'],
        installHint,
      });
    const first = stack.use(await start('-d'));
    const address = await noted(first, /^BOUND (\S+) 10\.99\.0\.1$/m);
    await expectFramesToCardOnly(address);
    await first.kill9();
    await writeFile(join(dir, 'events'), '');
    const second = stack.use(await start('-d'));
    expect(await noted(second, /^(?:BOUND|REBOOT|RENEW) (\S+) 10\.99\.0\.1$/m)).toBe(address);
    await second.kill9();
    await using release = await start('-r');
    await release.exited;
    await leaseBecomes(address, 'released');
  });

  it('D8 dhcpcd obtains an address, confirms it when told to, and gives it back', async () => {
    const dhcpcd = stack.use(
      await host.start({
        command: findBinary('dhcpcd', 'apt-get install dhcpcd-base'),
        args: ['-4', '--nobackground', '--config', '/dev/null', '--script', '/bin/true', '--noarp', '--debug', 'eth0'],
        ownFolders: ['/run', '/var/lib/dhcpcd'],
        installHint: 'apt-get install dhcpcd-base',
      }),
    );
    const address = await configured(dhcpcd);
    const { version } = await leaseBecomes(address, 'active');
    await expectFramesToCardOnly(address);
    // It misses a signal that comes while it runs its script.
    const tell = (signal: 'SIGHUP' | 'SIGALRM'): Promise<boolean> =>
      waitFor(
        () => {
          if (dhcpcd.output().includes(`received ${signal}`)) return true;
          process.kill(dhcpcd.pid, signal);
          return false;
        },
        { what: `dhcpcd heeds ${signal}`, pollMs: 250 },
      );
    await tell('SIGHUP');
    await waitFor(() => dhcpcd.output().split(`leased ${address} for`).length > 2, {
      what: 'the confirmation',
      deadlineMs: EXCHANGE_WITHIN_MS,
    });
    await leaseBecomes(address, 'active', version);
    await tell('SIGALRM');
    await leaseBecomes(address, 'released');
  });

  describe('systemd-networkd', () => {
    async function networkd(dhcp: string): Promise<LaunchedProcess> {
      const folder = join(host.dir, 'network');
      await mkdir(folder);
      const text = `[Match]\nName=eth0\n[Network]\nDHCP=ipv4\nLinkLocalAddressing=no\n[DHCPv4]\nUseHostname=no\n${dhcp}\n`;
      await writeFile(join(folder, 'eth0.network'), text);
      return stack.use(
        await host.start({
          command: '/lib/systemd/systemd-networkd',
          args: [],
          ownFolders: ['/run'],
          // A /sys that cannot be written to tells it that no udev will announce the card.
          before: [`mkdir -p /run/systemd && cp -r ${folder} /run/systemd/`, 'mount -t sysfs -o ro sysfs /sys'],
          installHint: 'apt-get install systemd',
        }),
      );
    }

    it('D8 obtains an address and gives it back', async () => {
      const client = await networkd('');
      const address = await configured(client);
      await leaseBecomes(address, 'active');
      await expectFramesToCardOnly(address);
      await client.stop();
      await leaseBecomes(address, 'released');
    });

    it('D7 is answered by broadcast when it asks for that (RFC 2131 section 4.1)', async () => {
      const offered = await configured(await networkd('RequestBroadcast=yes'));
      for (const frame of await repliesSoFar()) expect(frame).toEqual({ ...BROADCAST, offered });
    });
  });
});
