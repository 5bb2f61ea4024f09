import type { Brand } from './brand.js';
import { ipv4FromNumber, ipv4ToNumber, parseIpv4, type Ipv4 } from './ipv4.js';

/** An IPv4 network, `a.b.c.d/n`, with no host bit set. */
export type Cidr = Brand<string, 'Cidr'>;

const CIDR_SHAPE = /^([0-9.]+)\/([0-9]|[12][0-9]|3[0-2])$/;

function maskNumber(prefixLength: number): number {
  return prefixLength === 0 ? 0 : (0xffffffff << (32 - prefixLength)) >>> 0;
}

/** Parses a network; `undefined` when malformed or when host bits are set (`10.0.0.1/24`). */
export function parseCidr(text: string): Cidr | undefined {
  const [, address, length] = CIDR_SHAPE.exec(text) ?? [];
  if (address === undefined || length === undefined) return undefined;
  const ip = parseIpv4(address);
  if (ip === undefined) return undefined;
  return (ipv4ToNumber(ip) & ~maskNumber(Number(length))) === 0 ? (text as Cidr) : undefined;
}

/** The prefix length, 0 to 32. */
export function prefixLengthOf(cidr: Cidr): number {
  return Number(cidr.slice(cidr.indexOf('/') + 1));
}

/** The lowest address: the network itself. */
export function networkOf(cidr: Cidr): Ipv4 {
  return cidr.slice(0, cidr.indexOf('/')) as Ipv4;
}

/** The dotted netmask, e.g. `255.255.255.0`. */
export function netmaskOf(cidr: Cidr): Ipv4 {
  return ipv4FromNumber(maskNumber(prefixLengthOf(cidr)));
}

/** The highest address: the directed broadcast for prefixes up to /30. */
export function broadcastOf(cidr: Cidr): Ipv4 {
  return ipv4FromNumber((ipv4ToNumber(networkOf(cidr)) | ~maskNumber(prefixLengthOf(cidr))) >>> 0);
}

/** Whether `ip` lies inside the network. */
export function cidrContains(cidr: Cidr, ip: Ipv4): boolean {
  const mask = maskNumber(prefixLengthOf(cidr));
  return (ipv4ToNumber(ip) & mask) >>> 0 === (ipv4ToNumber(networkOf(cidr)) & mask) >>> 0;
}
