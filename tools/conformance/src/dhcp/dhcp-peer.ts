import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { ANY_IPV4, BROADCAST_IPV4, macToBytes, parseMac, type Ipv4, type Mac } from '@rackwright/kernel';
import {
  BootpOp,
  chaddrOf,
  decodeDhcp,
  encodeDhcp,
  ipv4Option,
  MessageType,
  messageTypeOf,
  OptionCode,
  u8Option,
  type DhcpPacket,
} from '@rackwright/protocol-dhcp4';
import type { SiteDescription } from '../site-description.js';
import { NotApplicable, Unmet } from '../verdict.js';

/** A reply and where it arrived. */
export interface Received {
  readonly bytes: Uint8Array;
  readonly packet: DhcpPacket;
  readonly at: 'relay' | 'unicast' | 'broadcast';
  readonly from: string;
}

/** How a request is sent: through the relay, or by a client on the segment to everyone or to the server alone. */
export type Way = 'relay' | 'broadcast' | 'unicast';

export interface Target {
  readonly host: string;
  readonly port: number;
  /** How long an answer may take; default 10 000. */
  readonly answerWithinMs?: number;
}

export interface MessageFacts {
  readonly mac: Mac;
  readonly options?: Iterable<readonly [number, Uint8Array]>;
  readonly change?: Partial<DhcpPacket>;
}

type PeerSockets = Readonly<Partial<Record<Received['at'], Socket>>>;

const CLIENT_PORT = 68;
const MAX_MESSAGE_BYTES = 1_400;
const XID_OFFSET = 4;
/** As long as clients wait before they give a server up; a lease is on disk before it is told. */
const ANSWER_WITHIN_MS = 10_000;
/** A wait is cut into so many, of which one at most passes while this process stands still. */
const WAIT_PARTS = 10;

/** Speaks DHCP with one server as a relay, and as a client of the segment where there is one. */
export class DhcpPeer implements AsyncDisposable {
  readonly site: SiteDescription;
  readonly #target: Target;
  readonly #sockets: PeerSockets;
  readonly #answerWithinMs: number;
  readonly #received: Received[] = [];
  readonly #seed = Math.trunc(Math.random() * 0xffff);
  #waiting: (() => void)[] = [];
  /** Why the last message could not be sent. */
  #sendFault: string | undefined;
  #count = 0;

  private constructor(site: SiteDescription, target: Target, sockets: PeerSockets) {
    this.site = site;
    this.#target = target;
    this.#sockets = sockets;
    this.#answerWithinMs = target.answerWithinMs ?? ANSWER_WITHIN_MS;
    for (const at of ['relay', 'unicast', 'broadcast'] as const) {
      sockets[at]?.on('message', (bytes, { address }) => {
        this.#note(bytes, at, address);
      });
      sockets[at]?.on('error', (error) => {
        this.#sendFault = error.message;
        this.#wake();
      });
    }
  }

  /** Opens the sockets; ports 67 and 68 need their privilege. */
  static async open(site: SiteDescription, target: Target): Promise<DhcpPeer> {
    const relay = await bound(site.relay.address, site.relay.port);
    if (!site.direct || site.reservation === undefined) return new DhcpPeer(site, target, { relay });
    const unicast = await bound(site.reservation.ip, CLIENT_PORT);
    const broadcast = await bound(BROADCAST_IPV4, CLIENT_PORT);
    unicast.setBroadcast(true);
    return new DhcpPeer(site, target, { relay, unicast, broadcast });
  }

  /** A client nobody has seen. */
  newMac(): Mac {
    this.#count += 1;
    const mac = parseMac(`02c0${this.#seed.toString(16).padStart(4, '0')}${this.#count.toString(16).padStart(4, '0')}`);
    if (mac === undefined) throw new RangeError('too many clients');
    return mac;
  }

  /** The reserved machine; ends a statement that needs one where there is none. */
  reserved(): { readonly mac: Mac; readonly ip: Ipv4 } {
    if (this.site.reservation === undefined) throw new NotApplicable('the site has no reservation');
    return this.site.reservation;
  }

  /** A message as it goes out through the relay. */
  relayed(type: MessageType, { mac, options = [], change = {} }: MessageFacts): DhcpPacket {
    const message = this.direct(type, { mac, options });
    return { ...message, hops: 1, giaddr: this.site.relay.address, ...change };
  }

  /** A message as a client of the segment sends it. */
  direct(type: MessageType, { mac, options = [], change = {} }: MessageFacts): DhcpPacket {
    return {
      ...{ op: BootpOp.BOOTREQUEST, htype: 1, hlen: 6, hops: 0, secs: 0, flags: 0, sname: '', file: '' },
      ...{ ciaddr: ANY_IPV4, yiaddr: ANY_IPV4, siaddr: ANY_IPV4, giaddr: ANY_IPV4 },
      xid: this.#newXid(),
      chaddr: chaddrOf(macToBytes(mac)),
      options: new Map([[OptionCode.DhcpMessageType, u8Option.encode(type)], ...options]),
      ...change,
    };
  }

  /** Options of a REQUEST that takes what was offered. */
  accepting({ packet }: Received): [number, Uint8Array][] {
    const server = packet.options.get(OptionCode.ServerIdentifier);
    return [
      [OptionCode.RequestedIpAddress, ipv4Option.encode(packet.yiaddr)],
      ...(server === undefined ? [] : ([[OptionCode.ServerIdentifier, server]] as [number, Uint8Array][])),
    ];
  }

  /** The reply to a message, or `undefined` when none comes while silence is waited for. */
  async replyTo(message: DhcpPacket | Uint8Array, way: Way = 'relay'): Promise<Received | undefined> {
    return this.#exchange(octetsOf(message), way, this.site.wait_ms);
  }

  /** The reply to a message that has to have one, of whatever type; `undefined` when none comes in time. */
  async answerTo(message: DhcpPacket | Uint8Array, way: Way = 'relay'): Promise<Received | undefined> {
    return this.#exchange(octetsOf(message), way, this.#answerWithinMs);
  }

  /** The reply of a type; its absence ends the statement. */
  async expect(type: MessageType, message: DhcpPacket | Uint8Array, way: Way = 'relay'): Promise<Received> {
    const reply = await this.answerTo(message, way);
    const wanted = nameOf(type);
    if (reply === undefined) throw new Unmet(`no ${wanted} came`);
    const found = messageTypeOf(reply.packet);
    if (found !== type)
      throw new Unmet(`${found === undefined ? 'a reply without option 53' : nameOf(found)} came instead of ${wanted}`);
    return reply;
  }

  /** DISCOVER and OFFER. */
  offer(facts: MessageFacts): Promise<Received> {
    return this.expect(MessageType.DHCPOFFER, this.relayed(MessageType.DHCPDISCOVER, facts));
  }

  /** DISCOVER to ACK. */
  async lease(facts: MessageFacts): Promise<Received> {
    const offered = await this.offer(facts);
    const options = [...(facts.options ?? []), ...this.accepting(offered)];
    return this.expect(MessageType.DHCPACK, this.relayed(MessageType.DHCPREQUEST, { ...facts, options }));
  }

  /** Sends a message that may have no answer. */
  send(message: DhcpPacket | Uint8Array, way: Way = 'relay'): void {
    const socket = this.#sockets[way === 'relay' ? 'relay' : 'unicast'];
    if (socket === undefined) throw new NotApplicable('the runner is not on the segment of the server (direct)');
    socket.send(octetsOf(message), this.#target.port, way === 'broadcast' ? BROADCAST_IPV4 : this.#target.host);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of Object.values(this.#sockets)) {
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    }
  }

  async #exchange(bytes: Uint8Array, way: Way, withinMs: number): Promise<Received | undefined> {
    const xid = Buffer.from(bytes).readUInt32BE(XID_OFFSET);
    this.#received.length = 0;
    this.#sendFault = undefined;
    this.send(bytes, way);
    const partMs = withinMs / WAIT_PARTS;
    for (let parts = WAIT_PARTS; parts > 0;) {
      const hasReply = await this.#nextReply(partMs);
      const reply = this.#received.find(({ packet }) => packet.xid === xid);
      if (reply !== undefined) return reply;
      this.#requireSent();
      if (!hasReply) parts -= 1;
    }
    return undefined;
  }

  #requireSent(): void {
    if (this.#sendFault !== undefined) throw new Unmet(`the message cannot be sent: ${this.#sendFault}`);
  }

  /** `false`: nothing came. */
  #nextReply(withinMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        resolve(false);
      }, withinMs);
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve(true);
      });
    });
  }

  #note(bytes: Uint8Array, at: Received['at'], from: string): void {
    const packet = decodeDhcp(bytes);
    if (!packet.ok || packet.value.op !== BootpOp.BOOTREPLY) return;
    this.#received.push({ bytes: Uint8Array.from(bytes), packet: packet.value, at, from });
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #newXid(): number {
    this.#count += 1;
    return (this.#seed * 0x10000 + this.#count) >>> 0;
  }
}

export function octetsOf(message: DhcpPacket | Uint8Array): Uint8Array {
  return message instanceof Uint8Array ? message : encodeDhcp(message, { maxSizeBytes: MAX_MESSAGE_BYTES });
}

export function nameOf(type: MessageType): string {
  return Object.entries(MessageType).find(([, value]) => value === type)?.[0] ?? `type ${String(type)}`;
}

async function bound(address: Ipv4, port: number): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  socket.bind(port, address);
  await once(socket, 'listening');
  return socket;
}
