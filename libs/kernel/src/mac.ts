import type { Brand } from './brand.js';

/** An Ethernet address in its canonical form: 12 lower-case hexadecimal digits, no separators. */
export type Mac = Brand<string, 'Mac'>;

const SPELLINGS: readonly RegExp[] = [
  /^[0-9a-f]{12}$/,
  /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/,
  /^[0-9a-f]{2}(?:-[0-9a-f]{2}){5}$/,
  /^[0-9a-f]{4}(?:\.[0-9a-f]{4}){2}$/,
];
const ZERO = '0'.repeat(12);
const GROUP_BIT = 1;
const octetDigits: readonly string[] = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, '0'));

/**
 * Parses a MAC in colon, dash, dotted (Cisco) or bare spelling, in any letter case.
 * The all-zero address and group addresses (multicast, broadcast) identify no machine and give `undefined`.
 */
export function parseMac(text: string): Mac | undefined {
  const lower = text.toLowerCase();
  if (!SPELLINGS.some((spelling) => spelling.test(lower))) return undefined;
  const digits = lower.replace(/[^0-9a-f]/g, '');
  if (digits === ZERO || (parseInt(digits.slice(0, 2), 16) & GROUP_BIT) !== 0) return undefined;
  return digits as Mac;
}

/** The six octets as a MAC; `undefined` unless there are exactly six and they identify one machine. */
export function macFromBytes(bytes: Uint8Array): Mac | undefined {
  if (bytes.length !== 6 || ((bytes[0] ?? 0) & GROUP_BIT) !== 0) return undefined;
  let digits = '';
  for (const octet of bytes) digits += octetDigits[octet] ?? '';
  return digits === ZERO ? undefined : (digits as Mac);
}

/** The six octets of a MAC. */
export function macToBytes(mac: Mac): Uint8Array {
  return Uint8Array.from(Buffer.from(mac, 'hex'));
}

/** The readable spelling, `aa:bb:cc:dd:ee:ff` by default. */
export function formatMac(mac: Mac, separator = ':'): string {
  let text = mac.slice(0, 2);
  for (let at = 2; at < mac.length; at += 2) text += separator + mac.slice(at, at + 2);
  return text;
}
