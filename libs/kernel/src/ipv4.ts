import type { Brand } from './brand.js';

/** An IPv4 address in dotted-decimal form without leading zeros. */
export type Ipv4 = Brand<string, 'Ipv4'>;

const OCTET = '(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
export const IPV4_PATTERN = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);

/** `0.0.0.0`: "no address" in DHCP header fields. */
export const ANY_IPV4 = '0.0.0.0' as Ipv4;
/** The limited broadcast address. */
export const BROADCAST_IPV4 = '255.255.255.255' as Ipv4;

/** Parses a dotted-decimal address; `undefined` for anything else, leading zeros included (they mean octal to some). */
export function parseIpv4(text: string): Ipv4 | undefined {
  return IPV4_PATTERN.test(text) ? (text as Ipv4) : undefined;
}

const DOT = 0x2e;
const ZERO = 0x30;

/** The address as an unsigned 32-bit number in network order. */
export function ipv4ToNumber(ip: Ipv4): number {
  let value = 0;
  let octet = 0;
  for (let index = 0; index < ip.length; index += 1) {
    const character = ip.charCodeAt(index);
    if (character === DOT) {
      value = value * 256 + octet;
      octet = 0;
    } else {
      octet = octet * 10 + character - ZERO;
    }
  }
  return value * 256 + octet;
}

/** The address of an unsigned 32-bit number. */
export function ipv4FromNumber(value: number): Ipv4 {
  return `${(value >>> 24) & 255}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}` as Ipv4;
}

/** The address in four octets at `offset`, which must be in range. */
export function ipv4FromBytes(bytes: Uint8Array, offset = 0): Ipv4 {
  return `${bytes[offset]}.${bytes[offset + 1]}.${bytes[offset + 2]}.${bytes[offset + 3]}` as Ipv4;
}

/** The four octets of an address. */
export function ipv4ToBytes(ip: Ipv4): Uint8Array {
  return Uint8Array.from(ip.split('.'), Number);
}
