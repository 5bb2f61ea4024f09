import { ipv4ToBytes } from '@rackwright/kernel';
import type { LinkDatagram } from '@rackwright/contracts';
import { internetChecksum } from './internet-checksum.js';

const IPV4_HEADER_BYTES = 20;
const UDP_HEADER_BYTES = 8;
const MAX_PACKET_BYTES = 65_535;
const VERSION_4_HEADER_OF_5_WORDS = 0x45;
/** Never cut into fragments, so an identification of zero is unique enough: RFC 6864 section 4.1. */
const DONT_FRAGMENT = 0x4000;
/** The default that RFC 1700 recommends. */
const TIME_TO_LIVE = 64;
const PROTOCOL_UDP = 17;

/** The longest payload that fits one IPv4 packet. */
export const MAX_UDP_PAYLOAD_BYTES = MAX_PACKET_BYTES - IPV4_HEADER_BYTES - UDP_HEADER_BYTES;

/** A UDP datagram as an IPv4 packet, checksums filled in: RFC 791 section 3.1, RFC 768. */
export function encodeIpv4Datagram({ bytes, from, to }: Pick<LinkDatagram, 'bytes' | 'from' | 'to'>): Buffer {
  const udpBytes = UDP_HEADER_BYTES + bytes.length;
  const packet = Buffer.alloc(IPV4_HEADER_BYTES + udpBytes);
  packet[0] = VERSION_4_HEADER_OF_5_WORDS;
  packet.writeUInt16BE(packet.length, 2);
  packet.writeUInt16BE(DONT_FRAGMENT, 6);
  packet[8] = TIME_TO_LIVE;
  packet[9] = PROTOCOL_UDP;
  packet.set(ipv4ToBytes(from.address), 12);
  packet.set(ipv4ToBytes(to.address), 16);
  packet.writeUInt16BE(internetChecksum(packet.subarray(0, IPV4_HEADER_BYTES)), 10);

  const udp = packet.subarray(IPV4_HEADER_BYTES);
  udp.writeUInt16BE(from.port, 0);
  udp.writeUInt16BE(to.port, 2);
  udp.writeUInt16BE(udpBytes, 4);
  udp.set(bytes, UDP_HEADER_BYTES);
  udp.writeUInt16BE(udpChecksum(packet), 6);
  return packet;
}

/** Over a pseudo header and the datagram; a result of zero is sent as all ones, zero meaning "none". */
function udpChecksum(packet: Buffer): number {
  const udp = packet.subarray(IPV4_HEADER_BYTES);
  let pseudoHeader = PROTOCOL_UDP + udp.length;
  for (let offset = 12; offset < IPV4_HEADER_BYTES; offset += 2) pseudoHeader += packet.readUInt16BE(offset);
  const sum = internetChecksum(udp, pseudoHeader);
  return sum === 0 ? 0xffff : sum;
}
