import { mkdir, mkdtemp, open, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ANY_IPV4, macToBytes, parseIpv4, parseMac, type Ipv4, type Mac } from '@rackwright/kernel';
import { BootpOp, chaddrOf, MessageType, messageTypeOf, OptionCode, type DhcpPacket } from '@rackwright/protocol-dhcp4';
import { SimulatedRelay, waitFor } from '@rackwright/testing';
import { startWholeRegion, whenReady, type WholeRegion } from '../whole-region.int.spec.js';

/** Asked for in option 55: mask, router, name servers, host name, domain, broadcast address. */
const PARAMETERS = Uint8Array.of(1, 3, 6, 12, 15, 28, 51);
const relayAddress = parseIpv4('10.60.0.1') as Ipv4;
const mac = parseMac('02:60:00:00:00:01') as Mac;
const other = parseMac('02:60:00:00:00:02') as Mac;

function machine(address: string, ...lines: readonly string[]): string {
  const fields = [`ipAddress: ${address}`, 'subnetMask: 255.255.255.0', ...lines];
  return fields.map((line) => `  ${line}\n`).join('');
}

const first = `02:60:00:00:00:01:\n${machine('10.60.0.5', 'hostname: one', 'nameServers: [10.60.0.53]', 'netboot: {allowPxe: true}')}`;

interface Site extends WholeRegion {
  /** The address and host name that DHCP offers; `undefined` when it is silent. */
  offered(of: Mac): Promise<{ readonly ip: Ipv4; readonly options: DhcpPacket['options'] } | undefined>;
}

let directory: string;
let path: string;
const closing: AsyncDisposable[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rw-site-'));
  path = join(directory, 'machines.yaml');
});

afterEach(async () => {
  for (const each of closing.splice(0).reverse()) await each[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

function discover(of: Mac, xid: number): DhcpPacket {
  return {
    ...{ op: BootpOp.BOOTREQUEST, htype: 1, hlen: 6, hops: 0, xid, secs: 0, flags: 0 },
    ...{ ciaddr: ANY_IPV4, yiaddr: ANY_IPV4, siaddr: ANY_IPV4, giaddr: ANY_IPV4 },
    chaddr: chaddrOf(macToBytes(of)),
    ...{ sname: '', file: '' },
    options: new Map([
      [OptionCode.DhcpMessageType, Uint8Array.of(MessageType.DHCPDISCOVER)],
      [OptionCode.ParameterRequestList, PARAMETERS],
    ]),
  };
}

/** A test asks far more often than a machine does. */
const ASK_FREELY = { RW_DHCP_RATE_LIMIT: '100000', RW_DHCP_RATE_BURST: '100000' };

const fromFile = () => ({ RW_SITE_BACKEND: 'file', RW_SITE_FILE: path, RW_DHCP_MODE: 'reservation' });

/** A region that can reach neither etcd nor NATS. */
async function startRegion(env: Readonly<Record<string, string>> = fromFile()): Promise<Site> {
  const region = await startWholeRegion(directory, {
    cut: true,
    env: { RW_DHCP_RELAYS: '127.0.0.0/8', ...ASK_FREELY, ...env },
  });
  closing.push(region);
  let relay: SimulatedRelay | undefined;
  return {
    ...region,
    async offered(of) {
      if (relay === undefined) {
        relay = await openRelay(region.url);
        closing.push(relay);
      }
      return askOnce(relay, of);
    },
  };
}

async function openRelay(url: string): Promise<SimulatedRelay> {
  const status = (await (await fetch(`${url}/api/v1/pxe/dhcp/status`)).json()) as { address: string };
  return SimulatedRelay.open({ serverPort: Number(status.address.split(':')[1]), linkAddress: relayAddress });
}

let xid = 1;

/** Two messages: the second, of the machine that is always there, tells when the server has passed over the first. */
async function askOnce(relay: SimulatedRelay, of: Mac): ReturnType<Site['offered']> {
  const replies = new Map<Mac, DhcpPacket>();
  xid += 1;
  const asked = xid;
  // The reply to an earlier question may be late.
  const take = (from: Mac, packet: DhcpPacket): void => {
    if (packet.xid === asked) replies.set(from, packet);
  };
  const unplug = [of, mac].map((each) =>
    relay.plugIn(each, (packet) => {
      take(each, packet);
    }),
  );
  relay.send(discover(of, asked));
  if (of !== mac) relay.send(discover(mac, asked));
  await waitFor(() => replies.has(mac), { what: 'an offer' });
  for (const each of unplug) each();
  const offer = replies.get(of);
  if (offer === undefined || messageTypeOf(offer) !== MessageType.DHCPOFFER) return undefined;
  return { ip: offer.yiaddr, options: offer.options };
}

async function script(site: Site, of: Mac): Promise<string> {
  return (await fetch(`${site.url}/boot/${of}/boot.ipxe`)).text();
}

async function invalid(site: Site): Promise<readonly { readonly key: string; readonly errors: object[] }[]> {
  return (await (await fetch(`${site.url}/api/v1/invalid-records`)).json()) as [];
}

const texted = (value: Uint8Array | undefined) => Buffer.from(value ?? []).toString('latin1');

async function replaceFile(contents: string | Uint8Array): Promise<void> {
  await writeFile(`${path}.new`, contents);
  await rename(`${path}.new`, path);
}

async function serves(site: Site, address: string, of = mac): Promise<void> {
  await waitFor(async () => (await site.offered(of))?.ip === address, { what: `an offer of ${address}`, pollMs: 50 });
}

describe('a region with a site file and without etcd', () => {
  it('answers DHCP and HTTP from the file, and knows nobody else', async () => {
    await writeFile(path, first);
    const site = await startRegion();
    await whenReady(site);
    const offer = await site.offered(mac);
    expect(offer?.ip).toBe('10.60.0.5');
    expect(texted(offer?.options.get(OptionCode.HostName))).toBe('one');
    expect(offer?.options.get(OptionCode.DomainNameServer)).toEqual(Uint8Array.of(10, 60, 0, 53));
    expect(offer?.options.get(OptionCode.SubnetMask)).toEqual(Uint8Array.of(255, 255, 255, 0));
    expect(offer?.options.has(OptionCode.Router)).toBe(false);
    expect(await site.offered(other)).toBeUndefined();
    expect(await script(site, mac)).toContain('waits for a task');
    expect(await site.metric('rw_site_file_machines')).toBe(1);
  });

  it('takes changes without a restart: in place, by rename, by a switched link', async () => {
    await writeFile(path, first);
    const site = await startRegion();
    await whenReady(site);
    await serves(site, '10.60.0.5');
    await writeFile(path, first.replace('10.60.0.5\n', '10.60.0.6\n'));
    await serves(site, '10.60.0.6');
    await replaceFile(`${first.replace('10.60.0.5\n', '10.60.0.7\n')}${other}:\n${machine('10.60.0.20')}`);
    await serves(site, '10.60.0.7');
    await serves(site, '10.60.0.20', other);
    await mkdir(join(directory, 'v2'));
    await writeFile(join(directory, 'v2', 'file'), first.replace('10.60.0.5\n', '10.60.0.8\n'));
    await symlink('v2/file', `${path}.link`);
    await rename(`${path}.link`, path);
    await serves(site, '10.60.0.8');
    expect(await site.offered(other)).toBeUndefined();
  });

  it.each([
    {
      what: 'a wrong field',
      bad: first.replace('10.60.0.5\n', '10.60.0.500\n'),
      place: ':2:14',
      detail: 'ipAddress must be an IPv4 address',
    },
    {
      what: 'a machine in which two fields are missing',
      bad: `${mac}:\n  hostname: one\n`,
      place: ':1:1',
      detail: 'ipAddress is required"},{"pointer":"/026000000001/subnetMask"',
    },
    {
      what: 'a file that was written by half',
      bad: first.slice(0, first.indexOf('subnetMask') + 4),
      place: ':3:3',
      detail: 'map values',
    },
    {
      what: 'binary garbage',
      bad: Uint8Array.from({ length: 4_000 }, (_, at) => (at * 37) & 255),
      place: ':1:1',
      detail: 'not text in UTF-8',
    },
    { what: 'an empty file', bad: '', place: ':1:1', detail: 'is empty' },
    { what: 'a file that is too large', bad: Buffer.alloc(16 * 1_048_576 + 1, '#'), place: ':1:1', detail: 'bytes' },
  ])(
    'keeps what it had over $what, says where it is wrong, and takes the next good one',
    async ({ bad, place, detail }) => {
      await writeFile(path, first);
      const site = await startRegion();
      await whenReady(site);
      await replaceFile(bad);
      const listed = await waitFor(async () => (await invalid(site)).find(({ key }) => key.startsWith(path)), {
        what: 'the mistake is listed',
      });
      expect(listed.key).toContain(place);
      expect(JSON.stringify(listed.errors)).toContain(detail);
      expect((await site.offered(mac))?.ip).toBe('10.60.0.5');
      expect(await site.metric('rw_site_file_mistakes')).toBeGreaterThan(0);
      await replaceFile(first.replace('10.60.0.5\n', '10.60.0.9\n'));
      await serves(site, '10.60.0.9');
      expect(await invalid(site)).toEqual([]);
      expect(await site.metric('rw_site_file_mistakes')).toBe(0);
      expect(await site.metric('rw_site_file_loads_total{result="loaded"}')).toBe(2);
    },
  );

  it('keeps what it had while the file is gone, also over a restart', async () => {
    await writeFile(path, first);
    const site = await startRegion();
    await whenReady(site);
    await rm(path);
    await waitFor(async () => (await invalid(site)).length > 0, { what: 'the fault is listed' });
    await serves(site, '10.60.0.5');
    for (const each of closing.splice(0).reverse()) await each[Symbol.asyncDispose]();
    const again = await startRegion();
    await whenReady(again);
    await serves(again, '10.60.0.5');
    await writeFile(path, first.replace('10.60.0.5\n', '10.60.0.6\n'));
    await serves(again, '10.60.0.6');
  });

  it('is not ready, and says why, until there is a file it can use', async () => {
    await writeFile(path, 'web-1: {}');
    const site = await startRegion();
    const answer = await fetch(`${site.url}/ready`);
    expect(answer.status).toBe(503);
    expect(await answer.text()).toContain(`${path}:1:1: /web-1 must be a unicast MAC address`);
    await writeFile(path, first);
    await whenReady(site);
    await serves(site, '10.60.0.5');
  });

  it('takes a file of thousands of machines, in place and while it is being written', async () => {
    await writeFile(path, first);
    const site = await startRegion();
    await whenReady(site);
    const many = Array.from({ length: 12_000 }, (_, index) => {
      const ip = `10.61.${index >> 8}.${index & 255}`;
      const hex = (index + 16).toString(16).padStart(4, '0');
      const name =
        'a-rather-long-host-name.that-makes-the-file.larger-than.two-megabytes.rack-seventeen.row-four.hall-b.example.org';
      return `02:61:00:00:${hex.slice(0, 2)}:${hex.slice(2)}:\n  ipAddress: ${ip}\n  subnetMask: 255.255.0.0\n  hostname: n${index}.${name}\n`;
    });
    const text = `${first}${many.slice(1).join('')}`;
    expect(text.length).toBeGreaterThan(2_000_000);
    const file = await open(path, 'w');
    for (let at = 0; at < text.length; at += 500_000) await file.write(text.slice(at, at + 500_000));
    await file.close();
    await waitFor(async () => (await site.metric('rw_site_file_machines')) === 12_000, {
      what: 'all machines',
      deadlineMs: 120_000,
      pollMs: 100,
    });
    await serves(site, '10.60.0.5');
  });

  it('gives a machine its own script, and one that may not netboot its disk', async () => {
    const url = 'http://10.60.0.1/menu.ipxe';
    await writeFile(
      path,
      `${mac}:\n${machine('10.60.0.5', `netboot: {allowPxe: true, ipxeScriptUrl: "${url}"}`)}` +
        `${other}:\n${machine('10.60.0.6', 'netboot: {allowPxe: true, ipxeScript: "echo hello\\nshell"}')}` +
        `02:60:00:00:00:03:\n${machine('10.60.0.7')}`,
    );
    const site = await startRegion();
    await whenReady(site);
    expect(await script(site, mac)).toContain(`chain --replace --autofree ${url}`);
    expect(await script(site, other)).toBe('#!ipxe\necho hello\nshell\n');
    expect(await script(site, '026000000003' as Mac)).toContain('booting from the local disk');
  });
});

it('tells every machine what to boot, beside another DHCP server, when the backend is none', async () => {
  await writeFile(join(directory, 'ipxe.efi'), 'loader');
  const site = await startRegion({ RW_SITE_BACKEND: 'none', RW_DHCP_MODE: 'auto-proxy', RW_DHCP_PXE_PORT: '0' });
  await whenReady(site);
  expect(await script(site, mac)).toContain('waits for a task');
  const relay = await openRelay(site.url);
  closing.push(relay);
  const packet = discover(mac, 77);
  const pxe = new Map([
    ...packet.options,
    [OptionCode.VendorClassIdentifier, Buffer.from('PXEClient:Arch:00007:UNDI:003016')] as const,
    [OptionCode.ClientSystemArchitecture, Uint8Array.of(0, 7)] as const,
  ]);
  let offer: DhcpPacket | undefined;
  relay.plugIn(mac, (received) => {
    offer = received;
  });
  relay.send({ ...packet, options: pxe });
  await waitFor(() => offer !== undefined, { what: 'a proxy offer' });
  expect(offer).toMatchObject({ yiaddr: ANY_IPV4, file: expect.stringContaining('ipxe.efi') as unknown });
});
