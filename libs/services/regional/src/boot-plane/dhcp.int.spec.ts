import { createSocket } from 'node:dgram';
import { afterEach, describe, expect, it } from 'vitest';
import { FileDocument, FileJournal } from '@rackwright/adapter-file-journal';
import { LiquidTemplates } from '@rackwright/adapter-liquid-templates';
import { MemoryStore } from '@rackwright/adapter-memory-store';
import { NodeDatagramSockets } from '@rackwright/adapter-udp-socket';
import { keyspace } from '@rackwright/contracts';
import { ANY_IPV4, macToBytes, parseMac, silentLogger, type Ipv4, type Mac } from '@rackwright/kernel';
import { systemClock } from '@rackwright/platform';
import {
  BootpOp,
  chaddrOf,
  findOption,
  ipv4Option,
  MessageType,
  messageTypeOf,
  OptionCode,
  relayAgentOption,
  u16ListOption,
  u32Option,
  type DhcpPacket,
} from '@rackwright/protocol-dhcp4';
import { SimulatedRelay, waitFor } from '@rackwright/testing';
import { address, runBootPlane, TestRegion, type PlaneOptions, type RunningPlane } from './boot-plane-fixture.js';

const closing: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of closing.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

async function run(options: PlaneOptions = {}): Promise<RunningPlane & { readonly relay: SimulatedRelay }> {
  const store = new MemoryStore({ clock: systemClock });
  const running = await runBootPlane(
    {
      sockets: new NodeDatagramSockets(),
      templates: new LiquidTemplates(),
      store,
      openLog: (directory) => FileJournal.open({ directory, logger: silentLogger }),
      document: (path) => new FileDocument(path),
    },
    { bootFiles: ['ipxe.efi', 'undionly.kpxe'], ...options },
  );
  closing.push(running);
  const relay = await SimulatedRelay.open({ serverPort: running.dhcpPort, linkAddress: address('10.77.0.1') });
  closing.push(relay);
  return { ...running, relay };
}

function macNumber(number: number): Mac {
  const mac = parseMac(`02${number.toString(16).padStart(10, '0')}`);
  if (mac === undefined) throw new Error('no MAC');
  return mac;
}

const text = (value: string) => Buffer.from(value, 'latin1');
const pxeOptions = (architecture: number): [number, Uint8Array][] => [
  [OptionCode.VendorClassIdentifier, text(`PXEClient:Arch:0000${architecture}:UNDI:003016`)],
  [OptionCode.ClientSystemArchitecture, u16ListOption.encode([architecture])],
];

let messages = 0;

function message(mac: Mac, type: MessageType, more: readonly (readonly [number, Uint8Array])[] = []): DhcpPacket {
  messages += 1;
  return {
    op: BootpOp.BOOTREQUEST,
    htype: 1,
    hlen: 6,
    hops: 0,
    xid: 0x1234_5678 + messages,
    secs: 4,
    flags: 0x8000,
    ...{ ciaddr: ANY_IPV4, yiaddr: ANY_IPV4, siaddr: ANY_IPV4, giaddr: ANY_IPV4 },
    chaddr: chaddrOf(macToBytes(mac)),
    ...{ sname: '', file: '' },
    options: new Map([[OptionCode.DhcpMessageType, Uint8Array.of(type)], ...more]),
  };
}

/** A client asks again when it hears nothing: RFC 2131 section 4.1. */
const REPEAT_MS = 4_000;

/** Sends a message, again where the network lost it, and gives the reply. */
async function ask(relay: SimulatedRelay, mac: Mac, packet: DhcpPacket): Promise<DhcpPacket> {
  const replied = Promise.withResolvers<DhcpPacket>();
  const unplug = relay.plugIn(mac, (received) => {
    if (received.xid === packet.xid) replied.resolve(received);
  });
  relay.send(packet);
  const repeating = setInterval(() => {
    relay.send(packet);
  }, REPEAT_MS);
  try {
    return await replied.promise;
  } finally {
    clearInterval(repeating);
    unplug();
  }
}

async function obtain(
  relay: SimulatedRelay,
  mac: Mac,
  more: readonly (readonly [number, Uint8Array])[] = [],
): Promise<DhcpPacket> {
  const offer = await ask(relay, mac, message(mac, MessageType.DHCPDISCOVER, more));
  return ask(relay, mac, requestFor(offer, mac, more));
}

function requestFor(offer: DhcpPacket, mac: Mac, more: readonly (readonly [number, Uint8Array])[] = []): DhcpPacket {
  const serverId = offer.options.get(OptionCode.ServerIdentifier) ?? new Uint8Array(4);
  return message(mac, MessageType.DHCPREQUEST, [
    [OptionCode.RequestedIpAddress, ipv4Option.encode(offer.yiaddr)],
    [OptionCode.ServerIdentifier, serverId],
    ...more,
  ]);
}

describe('DHCP on real sockets', () => {
  it('D3 D4 D10 D27 D30: the whole OFFER and the whole ACK', async () => {
    const { relay } = await run();
    const mac = macNumber(1);
    const more: [number, Uint8Array][] = [
      [OptionCode.ClientIdentifier, Uint8Array.of(1, ...macToBytes(mac))],
      [OptionCode.ParameterRequestList, Uint8Array.of(1, 3, 6)],
    ];
    const discover = message(mac, MessageType.DHCPDISCOVER, more);
    const offer = await ask(relay, mac, discover);
    const information = relayAgentOption.encode({
      usesSourcePort: true,
      subOptions: new Map([
        [1, text('simulated')],
        [5, Uint8Array.of(10, 77, 0, 1)],
        [19, new Uint8Array(0)],
      ]),
    });
    const common = {
      op: 2,
      htype: 1,
      hlen: 6,
      hops: 0,
      secs: 0,
      flags: 0x8000,
      ciaddr: '0.0.0.0',
      yiaddr: offer.yiaddr,
      siaddr: '0.0.0.0',
      giaddr: '127.0.0.1',
      sname: '',
      file: '',
    };
    const options = (type: number) =>
      [
        [53, Uint8Array.of(type)],
        [1, Uint8Array.of(255, 255, 0, 0)],
        [3, Uint8Array.of(10, 77, 0, 1)],
        [6, Uint8Array.of(10, 77, 0, 53)],
        [51, u32Option.encode(3_600)],
        [54, Uint8Array.of(127, 0, 0, 1)],
        [58, u32Option.encode(1_800)],
        [59, u32Option.encode(3_150)],
        [61, Uint8Array.of(1, ...macToBytes(mac))],
        [82, Uint8Array.from(information)],
      ] as const;
    const plain = (packet: DhcpPacket) =>
      [...packet.options].map(([code, value]) => [code, Uint8Array.from(value)] as const);
    expect(offer).toMatchObject({ ...common, xid: discover.xid });
    expect(plain(offer)).toEqual(options(2));
    const request = requestFor(offer, mac, more);
    const ack = await ask(relay, mac, request);
    expect(ack).toMatchObject({ ...common, xid: request.xid });
    expect(plain(ack)).toEqual(options(5));
    expect(ack.chaddr).toEqual(message(mac, MessageType.DHCPDISCOVER).chaddr);
  });

  it('D36 D41 D44: firmware gets the binary, iPXE the script, at one address, and the region hears of the machine', async () => {
    const { relay, region, http } = await run();
    const mac = macNumber(2);
    const firmware = await obtain(relay, mac, pxeOptions(7));
    expect(firmware).toMatchObject({ file: 'ipxe.efi', siaddr: '127.0.0.1' });
    expect(firmware.options.get(OptionCode.VendorClassIdentifier)).toEqual(new Uint8Array(text('PXEClient')));
    expect(Buffer.from(firmware.options.get(OptionCode.VendorSpecificInformation) ?? []).toString('hex')).toBe(
      '060108ff',
    );
    const ipxe = await obtain(relay, mac, [...pxeOptions(7), [OptionCode.UserClass, text('iPXE')]]);
    expect(ipxe).toMatchObject({ file: `${http.url}/boot/${mac}/boot.ipxe`, yiaddr: firmware.yiaddr });
    expect(region.sightings.at(-1)).toMatchObject({ mac, ip: firmware.yiaddr, netmask: '255.255.0.0', arch: '7' });
    await waitFor(() => region.events.length > 0, { what: 'the event of the boot' });
    expect(region.events).toMatchObject([
      { type: 'boot.requested', subject: `node/${mac}`, data: { boot_file: 'ipxe.efi' } },
    ]);
  });

  it('D18: a refused REQUEST gets a NAK that gives nothing, with the broadcast flag set', async () => {
    const { relay } = await run();
    const mac = macNumber(3);
    const wrong: [number, Uint8Array][] = [[OptionCode.RequestedIpAddress, Uint8Array.of(192, 168, 9, 9)]];
    const nak = await ask(relay, mac, { ...message(mac, MessageType.DHCPREQUEST, wrong), flags: 0 });
    expect(messageTypeOf(nak)).toBe(MessageType.DHCPNAK);
    expect(nak).toMatchObject({ yiaddr: '0.0.0.0', siaddr: '0.0.0.0', file: '', flags: 0x8000 });
    expect(findOption(nak.options, OptionCode.IpAddressLeaseTime, u32Option)).toBeUndefined();
  });

  it('copies leases to etcd with the event of the grant, once, and not of renewals', async () => {
    const { relay, store } = await run();
    const mac = macNumber(4);
    const ack = await obtain(relay, mac);
    const key = keyspace.lease.key({ idc: 'dc1', ip: ack.yiaddr });
    await waitFor(async () => (await store.get(key)) !== undefined, { what: 'the copy in etcd' });
    await ask(relay, mac, { ...message(mac, MessageType.DHCPREQUEST), ciaddr: ack.yiaddr });
    await waitFor(async () => (await store.get(key))?.value.includes('"version":2') === true, { what: 'the renewal' });
    const outbox = await store.list('/os/outbox/dc1/');
    expect(outbox.entries.map(({ value }) => JSON.parse(value) as object)).toMatchObject([
      { type: 'lease.granted', subject: `lease/${ack.yiaddr}`, data: { mac: '02:00:00:00:00:04', subnet: 'lan' } },
    ]);
  });

  it('D1 D45: garbage of every kind is counted and nothing stops', async () => {
    const { relay, plane, dhcpPort } = await run();
    const socket = createSocket('udp4');
    const junk = [
      new Uint8Array(0),
      new Uint8Array(239),
      Buffer.alloc(300, 0xff),
      Buffer.alloc(60_000, 1),
      text('GET / HTTP/1.1'),
    ];
    for (const [index, bytes] of junk.entries()) {
      socket.send(bytes, dhcpPort, '127.0.0.1');
      await waitFor(() => plane.counters()['dhcp_silent'] === index + 1, { what: `garbage ${index}` });
    }
    socket.close();
    expect((await obtain(relay, macNumber(5))).yiaddr).toMatch(/^10\.77\./);
  });

  it('limits one MAC and goes on with the others', async () => {
    const { relay, plane } = await run({ env: { RW_DHCP_RATE_LIMIT: '1' } });
    const loud = message(macNumber(6), MessageType.DHCPDISCOVER);
    await waitFor(
      () => {
        relay.send(loud);
        return Number(plane.dhcpStatus()['dropped']) > 100;
      },
      { what: 'the limit', pollMs: 1 },
    );
    expect((await obtain(relay, macNumber(7))).yiaddr).toMatch(/^10\.77\./);
  });

  it('gives 500 machines that ask at once 500 addresses', async () => {
    const { relay } = await run();
    const acks = await Promise.all(Array.from({ length: 500 }, (_, number) => obtain(relay, macNumber(100 + number))));
    expect(new Set(acks.map(({ yiaddr }) => yiaddr)).size).toBe(500);
  });

  it('takes over a reservation without a restart', async () => {
    const { relay, region } = await run();
    const mac = macNumber(8);
    region.reserve({ mac, ip: address('10.77.200.1'), hostname: 'fixed', allow_netboot: true });
    const ack = await obtain(relay, mac, [[OptionCode.ParameterRequestList, Uint8Array.of(12)]]);
    expect(ack.yiaddr).toBe('10.77.200.1');
    expect(Buffer.from(ack.options.get(OptionCode.HostName) ?? []).toString()).toBe('fixed');
  });

  it('a dry run answers nobody and changes nothing', async () => {
    const { relay, plane } = await run({ env: { RW_DHCP_DRY_RUN: 'true' } });
    relay.send(message(macNumber(9), MessageType.DHCPDISCOVER));
    await waitFor(() => Number(plane.dhcpStatus()['received']) === 1, { what: 'the message' });
    expect(plane.dhcpStatus()).toMatchObject({ dry_run: true, offers: 0, offers_held: 0 });
  });

  it('stops and starts again with the same leases', async () => {
    const running = await run({ region: new TestRegion() });
    const mac = macNumber(10);
    const before = await obtain(running.relay, mac);
    await running.plane.stop();
    expect(running.plane.dhcpStatus()).toMatchObject({ status: 'stopped' });
    await running.plane.start();
    const serverPort = Number(String(running.plane.dhcpStatus()['address']).split(':')[1]);
    const relay = await SimulatedRelay.open({ serverPort, linkAddress: '10.77.0.1' as Ipv4 });
    closing.push(relay);
    expect((await obtain(relay, mac)).yiaddr).toBe(before.yiaddr);
  });
});
