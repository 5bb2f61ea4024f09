import { formatInstant, instantMs, type EpochMs, type Ipv4, type Mac } from '@rackwright/kernel';
import type { Lease, LeaseState, Subnet } from '../site-data.js';
import { AddressPool } from './address-pool.js';
import { ClientIndex } from './client-index.js';
import { ExpiryQueue } from './expiry-queue.js';
import { hashMac } from './hash-mac.js';
import { InstantText } from './instant-text.js';
import type { LeaseChange } from './lease-change.js';
import type { LeaseLookup } from './lease-lookup.js';

/** A record as it now is, to be kept, and what to tell the world about it. A renewal tells nothing. */
export interface LeaseWrite {
  readonly lease: Lease;
  readonly event?: 'granted' | 'declined' | 'expired';
}

interface Hold {
  readonly mac: Mac;
  readonly subnet: string;
  readonly until: EpochMs;
}

/**
 * Every address of a site and who has it. All operations take O(log n) or amortised constant time; memory is bounded
 * by the addresses, not by the clients that ask.
 */
export class LeaseTable implements LeaseLookup {
  readonly #leases = new Map<Ipv4, Lease>();
  readonly #counts: Record<LeaseState, number> = { active: 0, released: 0, expired: 0, declined: 0 };
  readonly #byClient = new ClientIndex();
  readonly #holds = new Map<Ipv4, Hold>();
  readonly #holdByClient = new ClientIndex();
  readonly #leaseExpiry = new ExpiryQueue<Ipv4>();
  readonly #holdExpiry = new ExpiryQueue<Ipv4>();
  readonly #grantedAt = new InstantText();
  readonly #expiresAt = new InstantText();
  #pools = new Map<string, AddressPool>();
  /** Addresses per subnet whose last lease ended, the one that ended first in front. */
  #ended = new Map<string, Set<Ipv4>>();
  #reserved = new Set<Ipv4>();

  /** Takes over subnets as they now are. Leases outside of them stay until they end. */
  configure(subnets: readonly Subnet[]): void {
    this.#pools = new Map(subnets.map((subnet) => [subnet.name, new AddressPool(subnet)]));
    this.#ended = new Map(subnets.map((subnet) => [subnet.name, new Set()]));
    for (const ip of this.#reserved) this.#settleEverywhere(ip);
    for (const ip of this.#leases.keys()) this.#settleEverywhere(ip);
    for (const ip of this.#holds.keys()) this.#settleEverywhere(ip);
  }

  /** Takes over the reserved addresses as they now are: pools leave them alone. */
  reserve(addresses: Iterable<Ipv4>): void {
    const before = this.#reserved;
    this.#reserved = new Set(addresses);
    for (const ip of before) if (!this.#reserved.has(ip)) this.#settleEverywhere(ip);
    for (const ip of this.#reserved) if (!before.has(ip)) this.#settleEverywhere(ip);
  }

  /** Puts in a record that was kept; of two for one address the one with the higher version stays. */
  restore(lease: Lease): boolean {
    const known = this.#leases.get(lease.ip);
    if (known !== undefined && known.version >= lease.version) return false;
    this.#put(lease);
    return true;
  }

  /** Applies a change; gives the records to keep. */
  apply(change: LeaseChange, now: EpochMs): readonly LeaseWrite[] {
    switch (change.kind) {
      case 'hold':
        this.#hold(change);
        return [];
      case 'drop-hold':
        this.#dropHold(this.#holdByClient.get(change.mac, change.subnet));
        return [];
      case 'bind':
        return this.#bind(change, now);
      case 'release':
        return this.#release(change.ip, change.mac, now);
      case 'decline':
        return [this.#decline(change, now)];
    }
  }

  /**
   * Ends the leases, quarantines and holds that are over, at most `limit` records of them; gives the records to keep.
   * What is over counts as such before it is ended here.
   */
  expire(now: EpochMs, limit = Infinity): readonly LeaseWrite[] {
    for (let ip = this.#holdExpiry.popDue(now); ip !== undefined; ip = this.#holdExpiry.popDue(now)) {
      const hold = this.#holds.get(ip);
      if (hold !== undefined && hold.until > now) this.#holdExpiry.schedule(ip, hold.until);
      else this.#dropHold(ip);
    }
    const writes: LeaseWrite[] = [];
    while (writes.length < limit) {
      const ip = this.#leaseExpiry.popDue(now);
      if (ip === undefined) break;
      const write = this.#expireOne(ip, now);
      if (write !== undefined) writes.push(write);
    }
    return writes;
  }

  /** Every record, ended ones included. */
  all(): IterableIterator<Lease> {
    return this.#leases.values();
  }

  get size(): number {
    return this.#leases.size;
  }

  /** Records in one state. */
  count(state: LeaseState): number {
    return this.#counts[state];
  }

  get heldCount(): number {
    return this.#holds.size;
  }

  find(ip: Ipv4): Lease | undefined {
    return this.#leases.get(ip);
  }

  ofClient(mac: Mac, subnet: string): Lease | undefined {
    const ip = this.#byClient.get(mac, subnet);
    return ip === undefined ? undefined : this.#leases.get(ip);
  }

  heldBy(mac: Mac, subnet: string): Ipv4 | undefined {
    return this.#holdByClient.get(mac, subnet);
  }

  isFreeFor(ip: Ipv4, mac: Mac, now: EpochMs): boolean {
    const hold = this.#holds.get(ip);
    if (hold !== undefined && hold.mac !== mac && hold.until > now) return false;
    const lease = this.#leases.get(ip);
    if (lease === undefined || isEnded(lease) || instantMs(lease.expires_at) <= now) return true;
    return lease.state === 'active' && lease.mac === mac;
  }

  isPooled(ip: Ipv4, subnet: string): boolean {
    return this.#pools.get(subnet)?.includes(ip) === true && !this.#reserved.has(ip);
  }

  propose(mac: Mac, subnet: string): Ipv4 | undefined {
    const pool = this.#pools.get(subnet);
    if (pool === undefined) return undefined;
    const hash = hashMac(mac);
    for (let ip = pool.unusedNear(hash); ip !== undefined; ip = pool.unusedNear(hash)) {
      if (!this.#leases.has(ip) && !this.#holds.has(ip)) return ip;
      // Pools of two subnets overlap and the other one gave it away.
      pool.take(ip);
    }
    const [oldest] = this.#ended.get(subnet) ?? [];
    return oldest;
  }

  #hold(change: LeaseChange & { readonly kind: 'hold' }): void {
    const before = this.#holdByClient.get(change.mac, change.subnet);
    if (before !== change.ip) this.#dropHold(before);
    const ended = this.#holds.get(change.ip);
    // The one whose offer has run out must not give up ours when it asks again.
    if (ended !== undefined) this.#holdByClient.deleteIf(ended.mac, ended.subnet, change.ip);
    this.#holds.set(change.ip, { mac: change.mac, subnet: change.subnet, until: change.until });
    this.#holdByClient.set(change.mac, change.subnet, change.ip);
    this.#holdExpiry.schedule(change.ip, change.until);
    this.#settle(change.ip, change.subnet);
  }

  #dropHold(ip: Ipv4 | undefined): void {
    const hold = ip === undefined ? undefined : this.#holds.get(ip);
    if (ip === undefined || hold === undefined) return;
    this.#holds.delete(ip);
    this.#holdByClient.deleteIf(hold.mac, hold.subnet, ip);
    this.#settle(ip, hold.subnet);
  }

  #bind(change: LeaseChange & { readonly kind: 'bind' }, now: EpochMs): readonly LeaseWrite[] {
    const known = this.#leases.get(change.ip);
    const renews = known?.state === 'active' && known.mac === change.mac;
    const moved = this.#moveAway(change, now);
    this.#dropHold(this.#holdByClient.get(change.mac, change.subnet));
    const lease: Lease = {
      ip: change.ip,
      mac: change.mac,
      ...(change.clientId === undefined ? {} : { client_id: change.clientId }),
      ...(change.hostname === undefined ? {} : { hostname: change.hostname }),
      subnet: change.subnet,
      state: 'active',
      granted_at: renews ? known.granted_at : this.#grantedAt.of(now),
      expires_at: this.#expiresAt.of(change.until),
      version: (known?.version ?? 0) + 1,
    };
    this.#put(lease);
    const write: LeaseWrite = renews ? { lease } : { lease, event: 'granted' };
    return moved.length === 0 ? [write] : [...moved, write];
  }

  /** A client has one address per subnet: the one it had before is free. */
  #moveAway(change: LeaseChange & { readonly kind: 'bind' }, now: EpochMs): readonly LeaseWrite[] {
    const before = this.ofClient(change.mac, change.subnet);
    return before === undefined || before.ip === change.ip ? [] : this.#release(before.ip, change.mac, now);
  }

  #release(ip: Ipv4, mac: Mac, now: EpochMs): readonly LeaseWrite[] {
    const known = this.#leases.get(ip);
    if (known?.state !== 'active' || known.mac !== mac) return [];
    const lease: Lease = {
      ...known,
      state: 'released',
      expires_at: formatInstant(now),
      version: known.version + 1,
    };
    this.#put(lease);
    return [{ lease }];
  }

  #decline(change: LeaseChange & { readonly kind: 'decline' }, now: EpochMs): LeaseWrite {
    const known = this.#leases.get(change.ip);
    this.#dropHold(change.ip);
    const lease: Lease = {
      ip: change.ip,
      subnet: change.subnet,
      state: 'declined',
      granted_at: formatInstant(now),
      expires_at: formatInstant(change.until),
      version: (known?.version ?? 0) + 1,
    };
    this.#put(lease);
    return { lease, event: 'declined' };
  }

  #expireOne(ip: Ipv4, now: EpochMs): LeaseWrite | undefined {
    const known = this.#leases.get(ip);
    if (known === undefined || isEnded(known)) return undefined;
    const at = instantMs(known.expires_at);
    if (at > now) {
      this.#leaseExpiry.schedule(ip, at);
      return undefined;
    }
    const lease: Lease = { ...known, state: 'expired', version: known.version + 1 };
    this.#put(lease);
    return known.state === 'active' ? { lease, event: 'expired' } : { lease };
  }

  #put(lease: Lease): void {
    const before = this.#leases.get(lease.ip);
    if (before?.mac !== undefined && before.mac !== lease.mac) {
      this.#byClient.deleteIf(before.mac, before.subnet, lease.ip);
    }
    if (before !== undefined) this.#counts[before.state] -= 1;
    this.#counts[lease.state] += 1;
    this.#leases.set(lease.ip, lease);
    if (lease.mac !== undefined) this.#noteClient(lease, lease.mac);
    if (!isEnded(lease)) this.#leaseExpiry.schedule(lease.ip, instantMs(lease.expires_at));
    this.#settle(lease.ip, lease.subnet);
  }

  /** The history of an ended lease gives way to what the client has now. */
  #noteClient(lease: Lease, mac: Mac): void {
    const current = this.ofClient(mac, lease.subnet);
    if (current === undefined || current.ip === lease.ip || !isEnded(lease)) {
      this.#byClient.set(mac, lease.subnet, lease.ip);
    }
  }

  #settleEverywhere(ip: Ipv4): void {
    for (const [subnet, pool] of this.#pools) if (pool.includes(ip)) this.#settle(ip, subnet);
  }

  /** Puts an address where it belongs: unused, ended, or neither. */
  #settle(ip: Ipv4, subnet: string): void {
    const pool = this.#pools.get(subnet);
    if (pool?.includes(ip) !== true) return;
    const ended = this.#ended.get(subnet);
    ended?.delete(ip);
    pool.take(ip);
    if (this.#holds.has(ip) || this.#reserved.has(ip)) return;
    const lease = this.#leases.get(ip);
    if (lease === undefined) pool.giveBack(ip);
    else if (isEnded(lease)) ended?.add(ip);
  }
}

/** Whether nobody has the address any more. */
export function isEnded(lease: Lease): boolean {
  return lease.state === 'released' || lease.state === 'expired';
}
