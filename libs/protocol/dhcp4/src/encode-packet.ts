import { textOctets, writeIpv4, writeText, writeU16, writeU32 } from './field-octets.js';
import { takeOctets } from './octet-slab.js';
import { OptionCode } from './option-code.js';
import type { DhcpPacket, OptionMap } from './packet.js';
import { planOptions, totalSize, wireOrder, type OptionPlan } from './plan-options.js';
import { CHADDR_BYTES, FILE_BYTES, Layout, MAGIC_COOKIE, Overload, SNAME_BYTES } from './wire-layout.js';

const MAX_PART_BYTES = 255;

/** The smallest message every BOOTP relay and client accepts: RFC 951 section 3, RFC 1542 section 2.1. */
export const MIN_PACKET_BYTES = 300;
/** IP and UDP headers, which option 57 counts and a datagram does not. */
const HEADER_BYTES = 28;
/** The datagram every client must accept (576 octets with its headers): RFC 2131 section 2. */
export const DEFAULT_MAX_SIZE_BYTES = 576 - HEADER_BYTES;

/** Bounds of one encoded message. */
export interface EncodeLimits {
  /** Largest UDP payload; values below {@link MIN_PACKET_BYTES} count as that. */
  readonly maxSizeBytes: number;
  /** Codes to write first, and to keep first when not everything fits, usually the client's parameter request list. */
  readonly priority?: readonly number[];
  /** `false` for a receiver that does not know option 52, such as a BOOTP client. */
  readonly mayOverload?: boolean;
  /** Told each option that was left out for lack of room. */
  readonly onDropped?: (code: number) => void;
}

/**
 * The largest UDP payload a client accepts: its option 57 less the IP and UDP headers, never less than what every
 * client must accept, never more than the path carries (RFC 2132 section 9.10).
 */
export function maxReplyBytes(request: Pick<DhcpPacket, 'options'>, pathMtuBytes = 1500): number {
  const value = request.options.get(OptionCode.MaximumDhcpMessageSize);
  const wanted = value?.length === 2 ? (value[0] ?? 0) * 256 + (value[1] ?? 0) - HEADER_BYTES : DEFAULT_MAX_SIZE_BYTES;
  return Math.min(Math.max(wanted, DEFAULT_MAX_SIZE_BYTES), pathMtuBytes - HEADER_BYTES);
}

/**
 * Encodes one message: RFC 2131 section 2. Long values are split (RFC 3396). A boot file or server name too long for
 * its field travels in option 67 or 66. When the options field is full, options overflow into free header fields
 * (option 52), and what still does not fit is left out whole, least important first.
 */
export function encodeDhcp(
  packet: DhcpPacket,
  limits: EncodeLimits = { maxSizeBytes: DEFAULT_MAX_SIZE_BYTES },
): Uint8Array {
  const file = packet.file.length < FILE_BYTES ? packet.file : '';
  const sname = packet.sname.length < SNAME_BYTES ? packet.sname : '';
  const options = withLongNames(packet, file, sname);
  const codes = wireOrder(options.keys(), limits.priority);
  const maxSizeBytes = Math.max(limits.maxSizeBytes, MIN_PACKET_BYTES);
  const size = Layout.options + totalSize(options, codes) + 1;

  if (size <= maxSizeBytes) {
    const bytes = takeOctets(Math.max(size, MIN_PACKET_BYTES));
    writeHeader(bytes, packet);
    writeText(bytes, Layout.sname, sname);
    writeText(bytes, Layout.file, file);
    writeOptions(bytes, Layout.options, { options, codes });
    return bytes;
  }
  return encodeOverflow({ packet, file, sname, options, codes }, { ...limits, maxSizeBytes });
}

interface Overflow {
  readonly packet: DhcpPacket;
  readonly file: string;
  readonly sname: string;
  readonly options: OptionMap;
  readonly codes: readonly number[];
}

function planOverflow(source: Overflow, limits: EncodeLimits): OptionPlan {
  const { maxSizeBytes, priority = [], mayOverload = true } = limits;
  const isFileFree = mayOverload && source.file === '';
  const isSnameFree = mayOverload && source.sname === '';
  return planOptions(source.options, source.codes, { maxSizeBytes, priority, isFileFree, isSnameFree });
}

function encodeOverflow(source: Overflow, limits: EncodeLimits): Uint8Array {
  const plan = planOverflow(source, limits);
  for (const code of plan.dropped) limits.onDropped?.(code);
  const bits = (plan.file.length > 0 ? Overload.file : 0) | (plan.sname.length > 0 ? Overload.sname : 0);
  const options =
    bits === 0 ? source.options : new Map([...source.options, [OptionCode.OptionOverload, Uint8Array.of(bits)]]);
  const main = bits === 0 ? plan.main : wireOrder([...plan.main, OptionCode.OptionOverload], limits.priority);
  const size = Layout.options + totalSize(options, main) + 1;
  const bytes = takeOctets(Math.max(size, MIN_PACKET_BYTES));
  writeHeader(bytes, source.packet);
  if (plan.sname.length > 0) writeOptions(bytes, Layout.sname, { options, codes: plan.sname });
  else writeText(bytes, Layout.sname, source.sname);
  if (plan.file.length > 0) writeOptions(bytes, Layout.file, { options, codes: plan.file });
  else writeText(bytes, Layout.file, source.file);
  writeOptions(bytes, Layout.options, { options, codes: main });
  return bytes;
}

/** Options with a name that outgrew its header field added, unless the option was given already. */
function withLongNames(packet: DhcpPacket, file: string, sname: string): OptionMap {
  const needsFile = file !== packet.file && !packet.options.has(OptionCode.BootfileName);
  const needsSname = sname !== packet.sname && !packet.options.has(OptionCode.TftpServerName);
  if (!needsFile && !needsSname) return packet.options;
  const options = new Map(packet.options);
  if (needsFile) options.set(OptionCode.BootfileName, textOctets(packet.file));
  if (needsSname) options.set(OptionCode.TftpServerName, textOctets(packet.sname));
  return options;
}

function writeHeader(bytes: Uint8Array, packet: DhcpPacket): void {
  bytes[0] = packet.op;
  bytes[1] = packet.htype;
  bytes[2] = packet.hlen;
  bytes[3] = packet.hops;
  writeU32(bytes, Layout.xid, packet.xid);
  writeU16(bytes, Layout.secs, packet.secs);
  writeU16(bytes, Layout.flags, packet.flags);
  writeIpv4(bytes, Layout.ciaddr, packet.ciaddr);
  writeIpv4(bytes, Layout.yiaddr, packet.yiaddr);
  writeIpv4(bytes, Layout.siaddr, packet.siaddr);
  writeIpv4(bytes, Layout.giaddr, packet.giaddr);
  for (let index = 0; index < CHADDR_BYTES; index += 1) bytes[Layout.chaddr + index] = packet.chaddr[index] ?? 0;
  writeU32(bytes, Layout.cookie, MAGIC_COOKIE);
}

function writeOptions(bytes: Uint8Array, start: number, field: { options: OptionMap; codes: readonly number[] }): void {
  let at = start;
  for (const code of field.codes) {
    const value = field.options.get(code);
    if (value !== undefined) at = writeOption(bytes, at, { code, value });
  }
  bytes[at] = OptionCode.End;
}

function writeOption(bytes: Uint8Array, start: number, option: { code: number; value: Uint8Array }): number {
  const { code, value } = option;
  let at = start;
  let from = 0;
  do {
    const length = Math.min(value.length - from, MAX_PART_BYTES);
    bytes[at] = code;
    bytes[at + 1] = length;
    for (let index = 0; index < length; index += 1) bytes[at + 2 + index] = value[from + index] ?? 0;
    at += 2 + length;
    from += length;
  } while (from < value.length);
  return at;
}
