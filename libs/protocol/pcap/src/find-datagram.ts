import { ByteReader, ipv4FromNumber, type Ipv4 } from '@rackwright/kernel';
import type { CapturedFrame } from './capture.js';

/** A UDP datagram found in a frame. */
export interface CapturedDatagram {
  readonly kind: 'datagram';
  readonly source: Ipv4;
  readonly destination: Ipv4;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly payload: Uint8Array;
}

/** Why a frame yields no datagram. `fragment` and `cut-short` may be part of one. */
export type SkipReason = 'link-type-unknown' | 'not-ipv4' | 'not-udp' | 'fragment' | 'cut-short' | 'malformed';

export type FrameContent = CapturedDatagram | { readonly kind: 'skipped'; readonly reason: SkipReason };

const LinkType = { ethernet: 1, rawBsd: 12, rawOpenBsd: 14, raw: 101, cooked: 113, ipv4: 228, cookedV2: 276 } as const;
const EtherType = { ipv4: 0x0800, vlan: 0x8100, serviceVlan: 0x88a8, oldServiceVlan: 0x9100 } as const;
/** Provider bridges stack two tags; more is no network we know. */
const MAX_VLAN_TAGS = 4;
const UDP = 17;
const UDP_HEADER_BYTES = 8;
const MIN_IP_HEADER_BYTES = 20;
/** "More fragments" and the offset: RFC 791 section 3.1. */
const FRAGMENT_BITS = 0x3fff;

const skipped = (reason: SkipReason): FrameContent => ({ kind: 'skipped', reason });

/** The UDP datagram of a frame: Ethernet with VLAN tags, Linux cooked, or raw IPv4 with header options. */
export function findDatagram(frame: CapturedFrame): FrameContent {
  const reader = new ByteReader(frame.bytes);
  const type = etherTypeOf(frame.linkType, reader);
  if (type === undefined) return skipped('link-type-unknown');
  if (reader.overrun) return skipped('cut-short');
  return type === EtherType.ipv4 ? readIpv4(reader, frame) : skipped('not-ipv4');
}

/** Reads the link header; what follows is of this type. */
function etherTypeOf(linkType: number, reader: ByteReader): number | undefined {
  switch (linkType) {
    case LinkType.ethernet:
      reader.bytes(12);
      return behindTags(reader);
    case LinkType.cooked:
      reader.bytes(14);
      return behindTags(reader);
    case LinkType.cookedV2: {
      const type = reader.u16();
      reader.bytes(18);
      return type;
    }
    case LinkType.raw:
    case LinkType.rawBsd:
    case LinkType.rawOpenBsd:
    case LinkType.ipv4:
      return EtherType.ipv4;
    default:
      return undefined;
  }
}

function behindTags(reader: ByteReader): number {
  let type = reader.u16();
  for (let tags = 0; tags < MAX_VLAN_TAGS && isTag(type); tags += 1) {
    reader.u16();
    type = reader.u16();
  }
  return type;
}

function isTag(type: number): boolean {
  return type === EtherType.vlan || type === EtherType.serviceVlan || type === EtherType.oldServiceVlan;
}

/** RFC 791 section 3.1. */
function readIpv4(reader: ByteReader, { bytes }: CapturedFrame): FrameContent {
  const start = reader.offset;
  const first = reader.u8();
  reader.u8();
  const totalBytes = reader.u16();
  reader.u16();
  const fragment = reader.u16() & FRAGMENT_BITS;
  reader.u8();
  const protocol = reader.u8();
  reader.u16();
  const [source, destination] = [ipv4FromNumber(reader.u32()), ipv4FromNumber(reader.u32())];
  if (reader.overrun) return skipped('cut-short');
  if (first >>> 4 !== 4) return skipped('not-ipv4');
  const headerBytes = (first & 0x0f) * 4;
  if (headerBytes < MIN_IP_HEADER_BYTES || totalBytes < headerBytes) return skipped('malformed');
  if (protocol !== UDP) return skipped('not-udp');
  if (fragment !== 0) return skipped('fragment');
  if (start + totalBytes > bytes.length) return skipped('cut-short');
  return readUdp(new ByteReader(bytes, start + headerBytes, start + totalBytes), { source, destination });
}

/** RFC 768. */
function readUdp(reader: ByteReader, between: { readonly source: Ipv4; readonly destination: Ipv4 }): FrameContent {
  const [sourcePort, destinationPort, length] = [reader.u16(), reader.u16(), reader.u16()];
  reader.u16();
  const payload = reader.bytes(Math.max(0, length - UDP_HEADER_BYTES));
  if (reader.overrun || length < UDP_HEADER_BYTES) return skipped('malformed');
  return { kind: 'datagram', ...between, sourcePort, destinationPort, payload };
}
