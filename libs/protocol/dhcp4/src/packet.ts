import { macFromBytes, type Ipv4, type Mac } from '@rackwright/kernel';
import { MessageType, OptionCode } from './option-code.js';

/** Option values by code, undecoded and with the parts of a split option joined; insertion order carries no meaning. */
export type OptionMap = ReadonlyMap<number, Uint8Array>;

/** One DHCP message as a plain value: RFC 2131 section 2. */
export interface DhcpPacket {
  /** 1 BOOTREQUEST, 2 BOOTREPLY. */
  readonly op: number;
  readonly htype: number;
  /** Octets of `chaddr` in use, 0 to 16. */
  readonly hlen: number;
  readonly hops: number;
  readonly xid: number;
  readonly secs: number;
  /** All 16 bits; only the highest, {@link BROADCAST_FLAG}, is assigned. */
  readonly flags: number;
  readonly ciaddr: Ipv4;
  readonly yiaddr: Ipv4;
  readonly siaddr: Ipv4;
  readonly giaddr: Ipv4;
  /** Always 16 octets. */
  readonly chaddr: Uint8Array;
  /** Server host name, one character per octet; empty when the field is empty or carries options. */
  readonly sname: string;
  /** Boot file name, one character per octet; empty when the field is empty or carries options. */
  readonly file: string;
  readonly options: OptionMap;
}

/** The B bit of `flags`: the client cannot receive unicast before it has an address. */
export const BROADCAST_FLAG = 0x8000;

const ETHERNET_HLEN = 6;

/** Whether the client asks for broadcast replies: RFC 2131 section 4.1. */
export function isBroadcastRequested(packet: Pick<DhcpPacket, 'flags'>): boolean {
  return (packet.flags & BROADCAST_FLAG) !== 0;
}

/** The client's Ethernet address; `undefined` when `chaddr` is of another length or identifies no machine. */
export function clientMac(packet: Pick<DhcpPacket, 'hlen' | 'chaddr'>): Mac | undefined {
  return packet.hlen === ETHERNET_HLEN ? macFromBytes(packet.chaddr.subarray(0, ETHERNET_HLEN)) : undefined;
}

/** A `chaddr` field of 16 octets holding `hardwareAddress`, which has at most 16. */
export function chaddrOf(hardwareAddress: Uint8Array): Uint8Array {
  const chaddr = new Uint8Array(16);
  chaddr.set(hardwareAddress.subarray(0, chaddr.length));
  return chaddr;
}

/** The message type of option 53; `undefined` for BOOTP messages and for types this code does not know. */
export function messageTypeOf(packet: Pick<DhcpPacket, 'options'>): MessageType | undefined {
  const value = packet.options.get(OptionCode.DhcpMessageType);
  const type = value?.length === 1 ? value[0] : undefined;
  return type !== undefined && type >= MessageType.DHCPDISCOVER && type <= MessageType.DHCPFORCERENEW
    ? (type as MessageType)
    : undefined;
}
