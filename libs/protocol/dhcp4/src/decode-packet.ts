import { malformed, ok, type Decoded } from '@rackwright/kernel';
import { OptionCollector } from './decode-options.js';
import { readIpv4, readText, readU16, readU32 } from './field-octets.js';
import { takeOctets } from './octet-slab.js';
import { OptionCode } from './option-code.js';
import type { DhcpPacket, OptionMap } from './packet.js';
import { CHADDR_BYTES, FILE_BYTES, Layout, MAGIC_COOKIE, Overload, SNAME_BYTES } from './wire-layout.js';

/** Which header fields carry options instead of text. */
interface Overloaded {
  readonly file: boolean;
  readonly sname: boolean;
}

/**
 * Decodes one datagram: RFC 2131 section 2, RFC 3396 (split options), RFC 2132 section 9.3 (overload).
 * The packet owns its octets; the input may be reused. Faults: `packet-too-short`, `cookie-missing`,
 * `hardware-length-invalid`, `option-truncated`, `option-overload-invalid`. Work and memory are linear in the input.
 */
export function decodeDhcp(datagram: Uint8Array): Decoded<DhcpPacket> {
  if (datagram.length < Layout.options) return malformed('packet-too-short', datagram.length);
  if (readU32(datagram, Layout.cookie) !== MAGIC_COOKIE) return malformed('cookie-missing', Layout.cookie);
  if ((datagram[2] ?? 0) > CHADDR_BYTES) return malformed('hardware-length-invalid', 2);

  const bytes = takeOctets(datagram.length);
  bytes.set(datagram);
  const collector = new OptionCollector();
  const overloaded = readOptionFields(bytes, collector);
  if (!overloaded.ok) return overloaded;
  return ok(packetOf(bytes, overloaded.value, collector.finish()));
}

/** The fields are read in the order of RFC 3396 section 5: options, file, sname. */
function readOptionFields(bytes: Uint8Array, collector: OptionCollector): Decoded<Overloaded> {
  const main = collector.read(bytes, Layout.options, bytes.length);
  if (!main.ok) return main;
  const bits = overloadBits(collector.get(OptionCode.OptionOverload));
  if (bits === undefined) return malformed('option-overload-invalid', Layout.options);
  const overloaded = { file: (bits & Overload.file) !== 0, sname: (bits & Overload.sname) !== 0 };
  const file = collector.read(bytes, Layout.file, overloaded.file ? Layout.file + FILE_BYTES : Layout.file);
  const sname = collector.read(bytes, Layout.sname, overloaded.sname ? Layout.sname + SNAME_BYTES : Layout.sname);
  if (!file.ok) return file;
  return sname.ok ? ok(overloaded) : sname;
}

/** The bits of option 52; 0 when it is absent, `undefined` when it is none of 1, 2 and 3. */
function overloadBits(value: Uint8Array | undefined): number | undefined {
  if (value === undefined) return 0;
  const bits = value.length === 1 ? (value[0] ?? 0) : 0;
  return bits >= Overload.file && bits <= (Overload.file | Overload.sname) ? bits : undefined;
}

function packetOf(bytes: Uint8Array<ArrayBuffer>, overloaded: Overloaded, options: OptionMap): DhcpPacket {
  return {
    op: bytes[0] ?? 0,
    htype: bytes[1] ?? 0,
    hlen: bytes[2] ?? 0,
    hops: bytes[3] ?? 0,
    xid: readU32(bytes, Layout.xid),
    secs: readU16(bytes, Layout.secs),
    flags: readU16(bytes, Layout.flags),
    ciaddr: readIpv4(bytes, Layout.ciaddr),
    yiaddr: readIpv4(bytes, Layout.yiaddr),
    siaddr: readIpv4(bytes, Layout.siaddr),
    giaddr: readIpv4(bytes, Layout.giaddr),
    // Cheaper than subarray().
    chaddr: new Uint8Array(bytes.buffer, bytes.byteOffset + Layout.chaddr, CHADDR_BYTES),
    sname: overloaded.sname ? '' : readText(bytes, Layout.sname, Layout.sname + SNAME_BYTES),
    file: overloaded.file ? '' : readText(bytes, Layout.file, Layout.file + FILE_BYTES),
    options,
  };
}
