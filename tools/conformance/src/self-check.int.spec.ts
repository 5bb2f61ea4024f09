import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, expect, it } from 'vitest';
import { parseIpv4, type Ipv4 } from '@rackwright/kernel';
import {
  decodeDhcp,
  encodeDhcp,
  ipv4Option,
  MessageType,
  messageTypeOf,
  OptionCode,
  u32Option,
  u8Option,
  type DhcpPacket,
} from '@rackwright/protocol-dhcp4';
import { freePort } from '@rackwright/testing';
import { DhcpPeer } from './dhcp/dhcp-peer.js';
import { dhcpStatements } from './dhcp/dhcp-statements.js';
import { parseSite } from './site-description.js';
import { playAll, type PlayedStatement } from './verdict.js';

const address = (text: string): Ipv4 => parseIpv4(text) ?? ('0.0.0.0' as Ipv4);
const SERVER = address('127.0.0.1');
const POOL_START = 100;

/** What a server may get wrong: it changes the reply, or what it does with a request. */
type Flaw = (reply: DhcpPacket, request: DhcpPacket) => DhcpPacket | Uint8Array | undefined;

/** A server that does nothing but give addresses, right unless it is told how to be wrong. */
class FakeServer implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #addresses = new Map<string, Ipv4>();
  readonly #acknowledged = new Set<string>();
  readonly #relayPort: number;
  readonly #flaw: Flaw;

  private constructor(socket: Socket, relayPort: number, flaw: Flaw) {
    this.#socket = socket;
    this.#relayPort = relayPort;
    this.#flaw = flaw;
    socket.on('message', (bytes) => {
      const packet = decodeDhcp(bytes);
      if (packet.ok) this.#answer(packet.value);
    });
  }

  static async start(relayPort: number, flaw: Flaw): Promise<FakeServer> {
    const socket = createSocket('udp4');
    socket.bind(0, SERVER);
    await once(socket, 'listening');
    return new FakeServer(socket, relayPort, flaw);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    await closed;
  }

  #answer(request: DhcpPacket): void {
    const reply = this.#replyTo(request) ?? this.#silent(request);
    const flawed = this.#flaw(reply, request);
    if (flawed === undefined) return;
    const bytes = flawed instanceof Uint8Array ? flawed : encodeDhcp(flawed);
    this.#socket.send(bytes, this.#relayPort, request.giaddr);
  }

  /** Marks that a sound server says nothing; only a flaw makes something of it. */
  #silent(request: DhcpPacket): DhcpPacket {
    return { ...this.#reply(request, MessageType.DHCPACK, address('0.0.0.0')), op: SILENT };
  }

  #replyTo(request: DhcpPacket): DhcpPacket | undefined {
    if (request.op !== 1) return undefined;
    const key = Buffer.from(request.chaddr).toString('hex');
    const own = this.#addresses.get(key) ?? address(`127.0.0.${String(POOL_START + this.#addresses.size)}`);
    switch (messageTypeOf(request)) {
      case MessageType.DHCPDISCOVER:
        this.#addresses.set(key, own);
        return this.#reply(request, MessageType.DHCPOFFER, own);
      case MessageType.DHCPREQUEST:
        return this.#replyToRequest(request, { key, own });
      default:
        return undefined;
    }
  }

  #replyToRequest(request: DhcpPacket, client: { readonly key: string; readonly own: Ipv4 }): DhcpPacket | undefined {
    const chosen = request.options.get(OptionCode.ServerIdentifier);
    if (chosen !== undefined && chosen.join('.') !== SERVER) return undefined;
    const wanted = request.options.get(OptionCode.RequestedIpAddress)?.join('.') ?? request.ciaddr;
    if (!wanted.startsWith('127.0.0.')) return this.#reply(request, MessageType.DHCPNAK, address('0.0.0.0'));
    const isKnown = chosen !== undefined || this.#acknowledged.has(client.key);
    if (!isKnown) return undefined;
    if (wanted !== client.own) return this.#reply(request, MessageType.DHCPNAK, address('0.0.0.0'));
    this.#acknowledged.add(client.key);
    return this.#reply(request, MessageType.DHCPACK, client.own);
  }

  #reply(request: DhcpPacket, type: MessageType, yiaddr: Ipv4): DhcpPacket {
    const isNak = type === MessageType.DHCPNAK;
    const echoed = [OptionCode.ClientIdentifier, 97, OptionCode.RelayAgentInformation].flatMap((code) => {
      const value = request.options.get(code);
      return value === undefined ? [] : [[code, value] as const];
    });
    return {
      ...request,
      op: 2,
      hops: 0,
      secs: 0,
      yiaddr,
      flags: isNak ? request.flags | 0x8000 : request.flags,
      options: new Map([
        [OptionCode.DhcpMessageType, u8Option.encode(type)],
        [OptionCode.ServerIdentifier, ipv4Option.encode(SERVER)],
        ...(isNak ? [] : ([[OptionCode.IpAddressLeaseTime, u32Option.encode(3_600)]] as const)),
        ...echoed,
      ]),
    };
  }
}

const SILENT = 255;
const sound: Flaw = (reply) => (reply.op === SILENT ? undefined : reply);
const typeOf = (packet: DhcpPacket) => messageTypeOf(packet);
const withOption = (packet: DhcpPacket, code: number, value: Uint8Array | undefined): DhcpPacket => {
  const options = new Map(packet.options);
  if (value === undefined) options.delete(code);
  else options.set(code, value);
  return { ...packet, options };
};
/** A flaw of sound replies alone. */
const inReplies =
  (change: (reply: DhcpPacket, request: DhcpPacket) => DhcpPacket | Uint8Array | undefined): Flaw =>
  (reply, request) =>
    reply.op === SILENT ? undefined : change(reply, request);

const closing: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of closing.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

async function play(flaw: Flaw, ids: readonly string[], answerWithinMs = 30_000): Promise<readonly PlayedStatement[]> {
  const port = await freePort();
  const server = await FakeServer.start(port, flaw);
  closing.push(server);
  const description = {
    relay: { address: '127.0.0.1', port },
    subnet: '127.0.0.0/8',
    pool: { start: '127.0.0.100', end: '127.0.0.250' },
    wait_ms: 150,
  };
  const site = parseSite(JSON.stringify(description), SERVER);
  const peer = await DhcpPeer.open(site, { host: SERVER, port: server.port, answerWithinMs });
  closing.push(peer);
  return playAll(
    dhcpStatements.filter(({ id }) => ids.includes(id)),
    peer,
    () => undefined,
  );
}

const asserted = ['D1', 'D2', 'D3', 'D4', 'D5', 'D10', 'D11', 'D12', 'D13', 'D14', 'D15', 'D17', 'D18', 'D20'].concat([
  'D22',
  'D24',
  'D27',
  'D30',
  'D31',
  'D34',
  'D35',
  'D44',
  'D45',
  'D46',
]);

const flaws: readonly (readonly [string, string, Flaw])[] = [
  ['D2', 'answers replies', (reply, request) => (request.op === 1 ? sound(reply, request) : { ...reply, op: 2 })],
  ['D3', 'leaves hops as they came', inReplies((reply, { hops }) => ({ ...reply, hops }))],
  ['D3', 'answers with a MAC of its own', inReplies((reply) => ({ ...reply, chaddr: new Uint8Array(16) }))],
  ['D4', 'has no ciaddr', inReplies((reply) => ({ ...reply, ciaddr: address('0.0.0.0') }))],
  ['D10', 'repeats option 50', inReplies((reply) => withOption(reply, 50, ipv4Option.encode(reply.yiaddr)))],
  ['D10', 'forgets the lease time', inReplies((reply) => withOption(reply, 51, undefined))],
  ['D11', 'leases for no time', inReplies((reply) => withOption(reply, 51, u32Option.encode(0)))],
  ['D12', 'answers for other servers', (reply) => (reply.op === SILENT ? { ...reply, op: 2 } : reply)],
  [
    'D13',
    'says ACK to everything',
    inReplies((reply) => (typeOf(reply) === 6 ? withOption(reply, 53, Uint8Array.of(5)) : reply)),
  ],
  ['D14', 'never says NAK', inReplies((reply) => (typeOf(reply) === 6 ? undefined : reply))],
  ['D15', 'answers strangers', (reply) => (reply.op === SILENT ? { ...reply, op: 2 } : reply)],
  ['D18', 'gives a lease with a NAK', inReplies((reply) => withOption(reply, 51, u32Option.encode(60)))],
  ['D18', 'leaves the B flag of a NAK', inReplies((reply, { flags }) => ({ ...reply, flags }))],
  [
    'D20',
    'confirms a release',
    (reply, request) => (typeOf(request) === 7 ? { ...reply, op: 2 } : sound(reply, request)),
  ],
  [
    'D22',
    'answers BOOTP as DHCP',
    (reply, request) => (request.options.size === 0 ? { ...reply, op: 2 } : sound(reply, request)),
  ],
  [
    'D24',
    'fills a kilobyte',
    inReplies((reply) => encodeDhcp(withOption(reply, 224, new Uint8Array(700)), { maxSizeBytes: 1_400 })),
  ],
  ['D27', 'forgets option 82', inReplies((reply) => withOption(reply, 82, undefined))],
  ['D30', 'forgets option 61', inReplies((reply) => withOption(reply, 61, undefined))],
  [
    'D31',
    'tells machines apart by option 61 alone',
    inReplies((reply, { options }) => ({
      ...reply,
      yiaddr: address(`127.0.2.${String(options.get(OptionCode.ClientIdentifier)?.[0] ?? 0)}`),
    })),
  ],
  ['D35', 'always sends option 97', inReplies((reply) => withOption(reply, 97, new Uint8Array(17)))],
  [
    'D44',
    'offers by transaction',
    inReplies((reply) => ({ ...reply, yiaddr: address(`127.0.1.${String(reply.xid & 127)}`) })),
  ],
  ['D46', 'sends what it has', inReplies((reply) => encodeDhcp(reply).subarray(0, 290))],
];

it('a sound server passes what is asserted of every server', async () => {
  const played = await play(sound, asserted);
  expect(played.map(({ id, outcome, seen }) => (outcome === 'pass' ? id : `${id} ${outcome} ${seen}`))).toEqual(
    asserted,
  );
});

it.each(flaws)('%s fails a server that %s', async (id, _, flaw) => {
  const [played] = await play(flaw, [id], 1_000);
  expect(played).toMatchObject({ id, outcome: 'fail' });
});

it('fails everything against nobody, and ends', async () => {
  const played = await play(() => undefined, ['D3', 'D44'], 500);
  expect(played.map(({ outcome, seen }) => `${outcome} ${seen}`)).toEqual([
    'fail no DHCPOFFER came',
    'fail no DHCPOFFER came',
  ]);
});
