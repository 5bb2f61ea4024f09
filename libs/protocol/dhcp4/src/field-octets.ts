import { ANY_IPV4, ipv4FromNumber, type Ipv4 } from '@rackwright/kernel';

const DOT = 0x2e;

/** Two octets in network order. */
export function readU16(bytes: Uint8Array, offset: number): number {
  return (bytes[offset] ?? 0) * 0x100 + (bytes[offset + 1] ?? 0);
}

/** Four octets in network order, as an unsigned number. */
export function readU32(bytes: Uint8Array, offset: number): number {
  return readU16(bytes, offset) * 0x10000 + readU16(bytes, offset + 2);
}

export function writeU16(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 8;
  bytes[offset + 1] = value;
}

export function writeU32(bytes: Uint8Array, offset: number, value: number): void {
  writeU16(bytes, offset, value >>> 16);
  writeU16(bytes, offset + 2, value);
}

/** The address at `offset`; `0.0.0.0`, the usual content of a header field, without building a string. */
export function readIpv4(bytes: Uint8Array, offset: number): Ipv4 {
  const value =
    ((bytes[offset] ?? 0) << 24) |
    ((bytes[offset + 1] ?? 0) << 16) |
    ((bytes[offset + 2] ?? 0) << 8) |
    (bytes[offset + 3] ?? 0);
  return value === 0 ? ANY_IPV4 : ipv4FromNumber(value >>> 0);
}

/** Writes the four octets of `ip` at `offset` without splitting the text. */
export function writeIpv4(bytes: Uint8Array, offset: number, ip: Ipv4): void {
  if (ip === ANY_IPV4) {
    writeU32(bytes, offset, 0);
    return;
  }
  let octet = 0;
  let at = offset;
  for (let index = 0; index < ip.length; index += 1) {
    const character = ip.charCodeAt(index);
    if (character === DOT) {
      bytes[at] = octet;
      at += 1;
      octet = 0;
    } else {
      octet = octet * 10 + (character - 0x30);
    }
  }
  bytes[at] = octet;
}

/** The text up to the first NUL, one character per octet. */
export function readText(bytes: Uint8Array, start = 0, end = bytes.length): string {
  let text = '';
  for (let index = start; index < end; index += 1) {
    const octet = bytes[index] ?? 0;
    if (octet === 0) break;
    text += String.fromCharCode(octet);
  }
  return text;
}

/** Writes one octet per character from `offset`; the caller has checked that they fit. */
export function writeText(bytes: Uint8Array, offset: number, text: string): void {
  for (let index = 0; index < text.length; index += 1) bytes[offset + index] = text.charCodeAt(index);
}

/** One octet per character (ISO 8859-1), the inverse of {@link readText} for text without NUL. */
export function textOctets(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  writeText(bytes, 0, text);
  return bytes;
}

/** The parts one after another. */
export function joinOctets(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}
