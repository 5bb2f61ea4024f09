import { findBinary, launchProcess, PacketCapture, waitFor, type LaunchedProcess } from '@rackwright/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startFirmwareSite, type FirmwareSite } from './firmware-site.js';
import { SegmentHost } from './segment-host.js';

const UPLINK = '10.99.0.2';
/** The relay's address on the far segment, which no route but the relay leads to. */
const GATEWAY = '10.98.0.1';
const ADDRESS_WITHIN_MS = 90_000;

const siteStack = new AsyncDisposableStack();
let site: FirmwareSite;
let relay: SegmentHost;

beforeAll(async () => {
  site = siteStack.use(await startFirmwareSite());
  const { api, network, idc } = site;
  await api.call('PUT', `/api/v1/subnets/${idc}/far`, {
    cidr: '10.98.0.0/16',
    pools: [{ start: '10.98.1.0', end: '10.98.40.255' }],
    ...{ gateway: GATEWAY, lease_seconds: 3_600 },
  });
  relay = siteStack.use(await SegmentHost.create());
  await relay.plugInto(network, 'up0');
  await relay.ip('address', 'add', `${UPLINK}/24`, 'dev', 'up0');
  await network.ip('route', 'add', '10.98.0.0/16', 'via', UPLINK);
});
afterAll(() => siteStack.disposeAsync());

let stack: AsyncDisposableStack;
beforeEach(() => {
  stack = new AsyncDisposableStack();
});
afterEach(() => stack.disposeAsync());

/** A host on the far segment. */
async function addFarHost(): Promise<SegmentHost> {
  const host = stack.use(await SegmentHost.create());
  await relay.wireTo(host, 'far0');
  stack.defer(async () => {
    await relay.ip('link', 'delete', 'far0');
  });
  await relay.ip('address', 'add', `${GATEWAY}/16`, 'dev', 'far0');
  return host;
}

const relays: readonly { readonly name: string; readonly args: readonly string[]; readonly installHint: string }[] = [
  {
    name: 'dnsmasq',
    args: ['--keep-in-foreground', '--port=0', '--conf-file=/dev/null', `--dhcp-relay=${GATEWAY},10.99.0.1`],
    installHint: 'apt-get install dnsmasq-base',
  },
  {
    name: 'dhcrelay',
    // Adds option 82 with the name of the interface, and takes from the reply what came back of it.
    args: ['-4', '-d', '--no-pid', '-a', '-id', 'far0', '-iu', 'up0', '10.99.0.1'],
    installHint: 'apt-get install isc-dhcp-relay',
  },
];

async function startRelay({ name, args, installHint }: (typeof relays)[number]): Promise<LaunchedProcess> {
  return stack.use(await relay.start({ command: findBinary(name, installHint), args, installHint }));
}

async function udhcpcOn(host: SegmentHost): Promise<LaunchedProcess> {
  const args = ['-f', '-i', 'eth0', '-s', '/bin/true', '-R', '-t', '90', '-T', '1'];
  return stack.use(await host.start({ command: 'udhcpc', args, installHint: 'apt-get install udhcpc' }));
}

describe('relays of others', () => {
  it.each(relays)('D5 $name brings a machine behind it an address of its own segment', async (program) => {
    const host = await addFarHost();
    const uplink = { networkNamespace: relay.name, interfaceName: 'up0', filter: 'udp port 67' };
    await using replies = await PacketCapture.start({ ...uplink, direction: 'in' });
    const relaying = await startRelay(program);
    const client = await udhcpcOn(host);
    const [, address] = await waitFor(() => /lease of (\S+) obtained from/.exec(client.output()) ?? undefined, {
      what: 'an address',
      deadlineMs: ADDRESS_WITHIN_MS,
    }).catch((cause: unknown) => {
      throw new Error(`${client.output()}\n${relaying.output()}`, { cause });
    });
    expect(address).toMatch(/^10\.98\.\d+\.\d+$/);
    const frames = await replies.waitForFrames(2, 'an offer and an acknowledgement');
    expect(frames.length).toBeGreaterThanOrEqual(2);
    const reading = await replies.describe();
    // RFC 2131 section 4.1: to the relay's port 67. RFC 3046 section 2.2: what the relay added comes back.
    expect(reading).toContain(`10.99.0.1.67 > ${GATEWAY}.67`);
    expect(reading.includes('Agent-Information (82)')).toBe(program.name === 'dhcrelay');
    const mac = await host.hardwareAddress();
    expect(await leases()).toContainEqual(expect.objectContaining({ ip: address, mac, state: 'active' }));
  });

  it('perfdhcp, as a relay, completes its exchanges', async () => {
    // It sends through the interface that has its address.
    const address = '10.98.0.254';
    await relay.ip('address', 'add', `${address}/32`, 'dev', 'up0');
    const args = [
      ...['-4', '-l', address, '-r', '50', '-R', '200', '-n', '200'],
      // It takes for lost what comes after a second, and for unanswered what comes after its last packet.
      ...['-d', '30', '-W', '10000000', '10.99.0.1'],
    ];
    const perfdhcp = await launchProcess({
      ...{ command: 'perfdhcp', args, networkNamespace: relay.name },
      installHint: 'apt-get install kea-admin',
    });
    const { exitCode } = await perfdhcp.exited;
    const drops = [...perfdhcp.output().matchAll(/^drops ratio: (\S+) %/gm)].map(([, ratio]) => Number(ratio));
    expect({ exitCode, drops }, perfdhcp.output()).toEqual({ exitCode: 0, drops: [0, 0] });
  });
});

async function leases(): Promise<readonly unknown[]> {
  const response = await fetch(`${site.regional.url}/api/v1/pxe/dhcp/leases`);
  return (await response.json()) as readonly unknown[];
}
