import {
  formatInstant,
  instantMs,
  ipv4FromNumber,
  ipv4ToNumber,
  type EpochMs,
  type Ipv4,
  type Mac,
} from '@rackwright/kernel';
import type { Lease } from '../site-data.js';
import type { LeaseChange } from './lease-change.js';
import type { LeaseLookup } from './lease-lookup.js';
import { isEnded } from './lease-table.js';

interface Hold {
  /** Absent: the client's hold was dropped. */
  readonly ip?: Ipv4;
  readonly mac: Mac;
  readonly until: EpochMs;
}

/** Addresses looked at for one that neither the site nor the supposition has given away. */
const MAX_STEPS = 4_096;
/** Made-up clients whose proposals are tried after that: they lead all over the pools. */
const MAX_OTHERS = 256;

const clientKey = (mac: Mac, subnet: string): string => `${mac}@${subnet}`;

/**
 * The addresses of a site as they would be after some changes, without making them: what a replayed conversation sees.
 * Holds the supposed changes only; everything else is read from the site.
 */
export class SupposedLeases implements LeaseLookup {
  readonly #site: LeaseLookup;
  readonly #leases = new Map<Ipv4, Lease>();
  readonly #byClient = new Map<string, Ipv4>();
  readonly #holds = new Map<string, Hold>();

  constructor(site: LeaseLookup) {
    this.#site = site;
  }

  /** Supposes that `change` was made. */
  suppose(change: LeaseChange, now: EpochMs): void {
    switch (change.kind) {
      case 'hold':
        this.#holds.set(clientKey(change.mac, change.subnet), change);
        return;
      case 'drop-hold':
        this.#holds.set(clientKey(change.mac, change.subnet), { mac: change.mac, until: now });
        return;
      case 'bind':
        this.#bind(change, now);
        return;
      case 'release':
        this.#end(change.ip, now);
        return;
      case 'decline':
        this.#put({ ...this.#recordOf(change, now), state: 'declined' });
    }
  }

  find(ip: Ipv4): Lease | undefined {
    return this.#leases.get(ip) ?? this.#site.find(ip);
  }

  ofClient(mac: Mac, subnet: string): Lease | undefined {
    const supposed = this.#byClient.get(clientKey(mac, subnet));
    if (supposed !== undefined) return this.#leases.get(supposed);
    const known = this.#site.ofClient(mac, subnet);
    return known === undefined || this.find(known.ip)?.mac !== mac ? undefined : this.find(known.ip);
  }

  heldBy(mac: Mac, subnet: string): Ipv4 | undefined {
    const hold = this.#holds.get(clientKey(mac, subnet));
    const ip = hold === undefined ? this.#site.heldBy(mac, subnet) : hold.ip;
    return ip !== undefined && this.#leases.get(ip)?.state === 'declined' ? undefined : ip;
  }

  isFreeFor(ip: Ipv4, mac: Mac, now: EpochMs): boolean {
    for (const hold of this.#holds.values()) {
      if (hold.ip === ip && hold.mac !== mac && hold.until > now) return false;
    }
    const lease = this.#leases.get(ip);
    if (lease === undefined) return this.#site.isFreeFor(ip, mac, now);
    if (isEnded(lease) || instantMs(lease.expires_at) <= now) return true;
    return lease.state === 'active' && lease.mac === mac;
  }

  isPooled(ip: Ipv4, subnet: string): boolean {
    return this.#site.isPooled(ip, subnet);
  }

  propose(mac: Mac, subnet: string): Ipv4 | undefined {
    const proposed = this.#site.propose(mac, subnet);
    if (proposed === undefined || !this.#isSupposedTaken(proposed, mac)) return proposed;
    for (const ip of this.#addressesBehind(proposed, subnet)) if (!this.#isSupposedTaken(ip, mac)) return ip;
    return undefined;
  }

  /** Unused addresses in the order the site would go through them; behind the end of a pool, in any order. */
  *#addressesBehind(proposed: Ipv4, subnet: string): Generator<Ipv4> {
    const first = ipv4ToNumber(proposed);
    for (let step = 1; step <= MAX_STEPS && first + step < 2 ** 32; step += 1) {
      const ip = ipv4FromNumber(first + step);
      if (this.isPooled(ip, subnet) && this.find(ip) === undefined) yield ip;
    }
    for (let other = 0; other < MAX_OTHERS; other += 1) {
      const ip = this.#site.propose(`02${other.toString(16).padStart(10, '0')}` as Mac, subnet);
      if (ip !== undefined) yield ip;
    }
  }

  #isSupposedTaken(ip: Ipv4, mac: Mac): boolean {
    const lease = this.#leases.get(ip);
    if (lease !== undefined && !isEnded(lease)) return true;
    return [...this.#holds.values()].some((hold) => hold.ip === ip && hold.mac !== mac);
  }

  #bind(change: LeaseChange & { readonly kind: 'bind' }, now: EpochMs): void {
    const before = this.ofClient(change.mac, change.subnet);
    if (before !== undefined && before.ip !== change.ip) this.#end(before.ip, now);
    this.suppose({ kind: 'drop-hold', mac: change.mac, subnet: change.subnet }, now);
    this.#byClient.set(clientKey(change.mac, change.subnet), change.ip);
    this.#put({ ...this.#recordOf(change, now), mac: change.mac, state: 'active' });
  }

  #recordOf(change: LeaseChange & { readonly kind: 'bind' | 'decline' }, now: EpochMs): Omit<Lease, 'state'> {
    return {
      ip: change.ip,
      subnet: change.subnet,
      granted_at: formatInstant(now),
      expires_at: formatInstant(change.until),
      version: (this.find(change.ip)?.version ?? 0) + 1,
    };
  }

  #end(ip: Ipv4, now: EpochMs): void {
    const known = this.find(ip);
    if (known !== undefined) this.#put({ ...known, state: 'released', expires_at: formatInstant(now) });
  }

  #put(lease: Lease): void {
    this.#leases.set(lease.ip, lease);
  }
}
