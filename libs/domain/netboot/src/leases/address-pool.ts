import { broadcastOf, ipv4FromNumber, ipv4ToNumber, networkOf, prefixLengthOf, type Ipv4 } from '@rackwright/kernel';
import type { AddressRange, Subnet } from '../site-data.js';
import { AddressSet } from './address-set.js';

/** Bounds the bitmap of one subnet to 512 KiB; a pool beyond a /10 is cut there. */
export const MAX_POOL_ADDRESSES = 2 ** 22;
/** Networks of one or two addresses have no network and broadcast address: RFC 3021. */
const POINT_TO_POINT_PREFIX = 31;

interface Span {
  readonly first: number;
  readonly last: number;
  /** Members of the spans before this one. */
  readonly offset: number;
}

/** The addresses of one subnet that may be given to anyone, and which of them nobody has had yet. */
export class AddressPool {
  readonly #spans: readonly Span[];
  readonly #size: number;
  readonly #unused: AddressSet;
  readonly #excluded: AddressSet;

  constructor(subnet: Subnet) {
    this.#spans = spansOf(subnet.pools);
    const last = this.#spans.at(-1);
    this.#size = last === undefined ? 0 : last.offset + last.last - last.first + 1;
    this.#unused = new AddressSet(this.#size);
    this.#excluded = new AddressSet(this.#size);
    for (let index = 0; index < this.#size; index += 1) this.#unused.add(index);
    for (const address of neverGiven(subnet)) this.#exclude(ipv4ToNumber(address));
    for (const range of subnet.exclusions) this.#excludeRange(range);
  }

  /** Addresses that may be given out, taken ones included. */
  get size(): number {
    return this.#size - this.#excluded.count;
  }

  /** Addresses nobody has. */
  get unusedCount(): number {
    return this.#unused.count;
  }

  /** Whether the pool may give `ip` to someone at some time. */
  includes(ip: Ipv4): boolean {
    const index = this.#indexOf(ipv4ToNumber(ip));
    return index !== undefined && !this.#excluded.has(index);
  }

  take(ip: Ipv4): void {
    const index = this.#indexOf(ipv4ToNumber(ip));
    if (index !== undefined) this.#unused.delete(index);
  }

  giveBack(ip: Ipv4): void {
    const index = this.#indexOf(ipv4ToNumber(ip));
    if (index !== undefined && !this.#excluded.has(index)) this.#unused.add(index);
  }

  /** An unused address: the first one at or behind the place `hash` points to. */
  unusedNear(hash: number): Ipv4 | undefined {
    if (this.#size === 0) return undefined;
    const index = this.#unused.nextFrom(hash % this.#size);
    return index === undefined ? undefined : this.#addressAt(index);
  }

  #exclude(address: number): void {
    const index = this.#indexOf(address);
    if (index === undefined) return;
    this.#excluded.add(index);
    this.#unused.delete(index);
  }

  #excludeRange(range: AddressRange): void {
    const start = ipv4ToNumber(range.start);
    const end = ipv4ToNumber(range.end);
    for (const span of this.#spans) {
      for (let at = Math.max(start, span.first); at <= Math.min(end, span.last); at += 1) this.#exclude(at);
    }
  }

  #indexOf(address: number): number | undefined {
    const span = this.#spans.find(({ first, last }) => address >= first && address <= last);
    return span === undefined ? undefined : span.offset + address - span.first;
  }

  #addressAt(index: number): Ipv4 | undefined {
    const span = this.#spans.findLast(({ offset }) => index >= offset);
    return span === undefined ? undefined : ipv4FromNumber(span.first + index - span.offset);
  }
}

/** Pools in ascending order with overlaps merged away. */
function spansOf(pools: readonly AddressRange[]): readonly Span[] {
  const sorted = pools
    .map(({ start, end }) => ({ first: ipv4ToNumber(start), last: ipv4ToNumber(end) }))
    .sort((left, right) => left.first - right.first);
  const spans: Span[] = [];
  let next = 0;
  let offset = 0;
  for (const range of sorted) {
    const first = Math.max(range.first, next);
    const last = Math.min(range.last, first + MAX_POOL_ADDRESSES - offset - 1);
    if (last < first) continue;
    spans.push({ first, last, offset });
    offset += last - first + 1;
    next = last + 1;
  }
  return spans;
}

function neverGiven(subnet: Subnet): readonly Ipv4[] {
  const edges =
    prefixLengthOf(subnet.cidr) < POINT_TO_POINT_PREFIX ? [networkOf(subnet.cidr), broadcastOf(subnet.cidr)] : [];
  return [...edges, subnet.gateway, subnet.next_server].filter((ip) => ip !== undefined);
}
