import type { HeldLease, LeaseId } from '@rackwright/contracts';
import type { Cancel, Clock } from '@rackwright/kernel';
import type { MemoryKeyspace } from './memory-keyspace.js';
import type { MemoryLink } from './memory-link.js';

/** What a held lease needs of its store. */
export interface MemoryLeaseKeeping {
  readonly clock: Clock;
  readonly keyspace: MemoryKeyspace;
  readonly link: MemoryLink;
  /** Told once, when the lease is no longer kept. */
  onEnded(lease: HeldLease): void;
}

const KEEPALIVES_PER_TTL = 3;
/** Part of the lifetime after which a lease that could not be renewed counts as lost. */
const FENCE_FRACTION = 0.9;

/** A lease renewed over the link, and given up before the keyspace expires it. */
export class MemoryHeldLease implements HeldLease {
  readonly id: LeaseId;
  readonly lost: Promise<void>;
  readonly #keeping: MemoryLeaseKeeping;
  readonly #ttlMs: number;
  readonly #ended = Promise.withResolvers<undefined>();
  #renewedAtMs: number;
  #hasEnded = false;
  #cancel: Cancel = () => undefined;

  constructor(id: LeaseId, ttlSeconds: number, keeping: MemoryLeaseKeeping) {
    this.id = id;
    this.lost = this.#ended.promise;
    this.#keeping = keeping;
    this.#ttlMs = ttlSeconds * 1_000;
    this.#renewedAtMs = keeping.clock.monotonicMs();
    this.#scheduleRenewal();
  }

  isHeld(): boolean {
    const fencedAtMs = this.#renewedAtMs + this.#ttlMs * FENCE_FRACTION;
    if (!this.#hasEnded && this.#keeping.clock.monotonicMs() >= fencedAtMs) this.#end();
    return !this.#hasEnded;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#hasEnded) return;
    this.#end();
    const { link, keyspace } = this.#keeping;
    // Over a cut link the lease expires by itself, as it would in the real store.
    await link
      .carry(() => {
        keyspace.revoke(this.id);
      })
      .catch(() => undefined);
  }

  #scheduleRenewal(): void {
    const { clock } = this.#keeping;
    const fencedAtMs = this.#renewedAtMs + this.#ttlMs * FENCE_FRACTION;
    const delayMs = Math.min(this.#ttlMs / KEEPALIVES_PER_TTL, fencedAtMs - clock.monotonicMs());
    this.#cancel = clock.schedule(delayMs, () => {
      this.#renew();
    });
  }

  #renew(): void {
    if (!this.isHeld()) return;
    const { link, keyspace, clock } = this.#keeping;
    if (link.isCut) {
      this.#scheduleRenewal();
      return;
    }
    if (keyspace.keepAlive(this.id)) {
      this.#renewedAtMs = clock.monotonicMs();
      this.#scheduleRenewal();
    } else {
      this.#end();
    }
  }

  #end(): void {
    this.#hasEnded = true;
    this.#cancel();
    this.#keeping.onEnded(this);
    this.#ended.resolve(undefined);
  }
}
