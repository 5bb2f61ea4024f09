import { ANY_IPV4, macToBytes, type Ipv4, type Mac, type Random } from '@rackwright/kernel';
import {
  BootpOp,
  BROADCAST_FLAG,
  chaddrOf,
  findOption,
  HTYPE_ETHERNET,
  ipv4Option,
  MessageType,
  messageTypeOf,
  OptionCode,
  textOption,
  u32Option,
  type DhcpPacket,
} from '@rackwright/protocol-dhcp4';
import type { SimulatedRelay } from './simulated-relay.js';

/** What a client says of itself: options 60, 61, 77, 93, 94, 97, 175, by code. */
export type ClientOptions = ReadonlyMap<number, Uint8Array>;

/** An address, and what the server wants booted. */
export interface ObtainedLease {
  readonly ip: Ipv4;
  readonly serverIdentifier: Ipv4;
  readonly nextServer: Ipv4;
  /** From option 67, else the `file` field; empty: nothing to boot. */
  readonly bootFile: string;
  readonly leaseSeconds: number;
}

export interface DhcpClientSetup {
  readonly mac: Mac;
  readonly relay: SimulatedRelay;
  readonly random: Random;
  /** Waits between transmissions of one message; after the last the exchange starts over. */
  readonly retryMs: readonly number[];
  /** Each message is sent this many times. */
  readonly copies: number;
}

/** The parameters PXE firmware asks for. */
const PARAMETER_REQUESTS = Uint8Array.of(1, 3, 6, 12, 15, 26, 28, 42, 43, 51, 54, 58, 59, 60, 66, 67, 97);

/** The four-way exchange of RFC 2131 section 3.1, with retransmission, until it succeeds or `signal` aborts. */
export async function obtainLease(
  setup: DhcpClientSetup,
  client: ClientOptions,
  signal: AbortSignal,
): Promise<ObtainedLease> {
  for (;;) {
    signal.throwIfAborted();
    const xid = Buffer.from(setup.random.bytes(4)).readUInt32BE();
    const offer = await exchange(
      setup,
      { packet: discover(setup.mac, xid, client), awaits: [MessageType.DHCPOFFER] },
      signal,
    );
    if (offer === undefined) continue;
    const request = requestFor(offer, setup.mac, client);
    const answer = await exchange(
      setup,
      { packet: request, awaits: [MessageType.DHCPACK, MessageType.DHCPNAK] },
      signal,
    );
    if (answer !== undefined && messageTypeOf(answer) === MessageType.DHCPACK) return leaseOf(answer);
  }
}

function blank(mac: Mac, xid: number): Omit<DhcpPacket, 'options'> {
  return {
    op: BootpOp.BOOTREQUEST,
    htype: HTYPE_ETHERNET,
    hlen: 6,
    hops: 0,
    xid,
    secs: 0,
    flags: BROADCAST_FLAG,
    ciaddr: ANY_IPV4,
    yiaddr: ANY_IPV4,
    siaddr: ANY_IPV4,
    giaddr: ANY_IPV4,
    chaddr: chaddrOf(macToBytes(mac)),
    sname: '',
    file: '',
  };
}

function discover(mac: Mac, xid: number, client: ClientOptions): DhcpPacket {
  const options = new Map([
    [OptionCode.DhcpMessageType, Uint8Array.of(MessageType.DHCPDISCOVER)],
    [OptionCode.ParameterRequestList, PARAMETER_REQUESTS],
    ...client,
  ]);
  return { ...blank(mac, xid), options };
}

function requestFor(offer: DhcpPacket, mac: Mac, client: ClientOptions): DhcpPacket {
  const server = offer.options.get(OptionCode.ServerIdentifier) ?? ipv4Option.encode(offer.siaddr);
  const options = new Map([
    [OptionCode.DhcpMessageType, Uint8Array.of(MessageType.DHCPREQUEST)],
    [OptionCode.RequestedIpAddress, ipv4Option.encode(offer.yiaddr)],
    [OptionCode.ServerIdentifier, server],
    [OptionCode.ParameterRequestList, PARAMETER_REQUESTS],
    ...client,
  ]);
  return { ...blank(mac, offer.xid), options };
}

function leaseOf(ack: DhcpPacket): ObtainedLease {
  return {
    ip: ack.yiaddr,
    serverIdentifier: findOption(ack.options, OptionCode.ServerIdentifier, ipv4Option) ?? ANY_IPV4,
    nextServer: ack.siaddr,
    bootFile: findOption(ack.options, OptionCode.BootfileName, textOption) ?? ack.file,
    leaseSeconds: findOption(ack.options, OptionCode.IpAddressLeaseTime, u32Option) ?? 0,
  };
}

interface Exchange {
  readonly packet: DhcpPacket;
  readonly awaits: readonly number[];
}

/** Sends until a reply of an awaited type with our transaction id arrives; `undefined` when none does in time. */
async function exchange(
  setup: DhcpClientSetup,
  { packet, awaits }: Exchange,
  signal: AbortSignal,
): Promise<DhcpPacket | undefined> {
  const received = Promise.withResolvers<DhcpPacket>();
  const unplug = setup.relay.plugIn(setup.mac, (reply) => {
    const type = messageTypeOf(reply);
    if (reply.xid === packet.xid && type !== undefined && awaits.includes(type)) received.resolve(reply);
  });
  try {
    for (const waitMs of setup.retryMs) {
      for (let copy = 0; copy < setup.copies; copy += 1) setup.relay.send(packet);
      const reply = await Promise.race([received.promise, pause(waitMs, signal)]);
      if (reply !== undefined) return reply;
    }
    return undefined;
  } finally {
    unplug();
  }
}

/** Resolves after `delayMs`; rejects when `signal` aborts. */
export function pause(delayMs: number, signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve(undefined);
    }, delayMs);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}
