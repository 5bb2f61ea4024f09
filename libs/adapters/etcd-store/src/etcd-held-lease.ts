import type { HeldLease, LeaseId } from '@rackwright/contracts';
import { backoffMs, type Backoff, type Cancel, type Clock, type Logger, type Random } from '@rackwright/kernel';

/** What a held lease needs of its store. */
export interface LeaseKeeping {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Renews the lease within `timeoutMs`; resolves with its new lifetime, 0 or less when it is gone. */
  keepAlive(id: LeaseId, timeoutMs: number): Promise<number>;
  revoke(id: LeaseId): Promise<void>;
  /** Told once, when the lease is no longer kept. */
  onEnded(lease: HeldLease): void;
}

/** A lease as the store granted it. */
export interface GrantedLease {
  readonly id: LeaseId;
  readonly ttlSeconds: number;
  /** Monotonic time before the grant was asked for: the store's countdown began no earlier. */
  readonly askedAtMs: number;
}

/** Keepalives per lifetime: two may fail before the lease is at risk. */
const KEEPALIVES_PER_TTL = 3;
/** Part of the lifetime given up against clocks that tick at different rates. */
const MARGIN_FRACTION = 0.1;
const RETRY_BACKOFF: Backoff = { retryMinMs: 100, retryMaxMs: 1_000 };

/** Keeps a lease alive and stops claiming it before the store can have freed it. */
export class EtcdHeldLease implements HeldLease {
  readonly id: LeaseId;
  readonly lost: Promise<void>;
  readonly #keeping: LeaseKeeping;
  readonly #ended = Promise.withResolvers<undefined>();
  #ttlMs: number;
  #fencedAtMs: number;
  #failures = 0;
  #hasEnded = false;
  #cancelRenewal: Cancel = () => undefined;
  #cancelFence: Cancel = () => undefined;

  constructor(granted: GrantedLease, keeping: LeaseKeeping) {
    this.id = granted.id;
    this.lost = this.#ended.promise;
    this.#keeping = keeping;
    this.#ttlMs = granted.ttlSeconds * 1_000;
    this.#fencedAtMs = fenceAfter(granted.askedAtMs, this.#ttlMs);
    this.#renewIn(this.#ttlMs / KEEPALIVES_PER_TTL);
    this.#watchFence();
  }

  isHeld(): boolean {
    if (!this.#hasEnded && this.#keeping.clock.monotonicMs() >= this.#fencedAtMs) this.#end('fenced');
    return !this.#hasEnded;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#hasEnded) return;
    this.#end('disposed');
    try {
      await this.#keeping.revoke(this.id);
    } catch (error) {
      this.#keeping.logger.warn({ err: error, leaseId: this.id }, 'lease not revoked, it will expire');
    }
  }

  #renewIn(delayMs: number): void {
    this.#cancelRenewal = this.#keeping.clock.schedule(delayMs, () => void this.#renew());
  }

  async #renew(): Promise<void> {
    const { clock, random, logger } = this.#keeping;
    const askedAtMs = clock.monotonicMs();
    try {
      const ttlSeconds = await this.#keeping.keepAlive(this.id, this.#ttlMs / KEEPALIVES_PER_TTL);
      // A reply that comes after the fence must not revive what the holder was told is lost.
      if (!this.isHeld()) return;
      if (ttlSeconds <= 0) this.#end('gone');
      else this.#extend(askedAtMs, ttlSeconds * 1_000);
    } catch (error) {
      if (!this.isHeld()) return;
      this.#failures += 1;
      logger.warn({ err: error, leaseId: this.id }, 'lease keepalive failed');
      this.#renewIn(backoffMs(RETRY_BACKOFF, this.#failures, random));
    }
  }

  #extend(askedAtMs: number, ttlMs: number): void {
    this.#failures = 0;
    this.#ttlMs = ttlMs;
    this.#fencedAtMs = fenceAfter(askedAtMs, ttlMs);
    this.#renewIn(ttlMs / KEEPALIVES_PER_TTL);
  }

  /** Makes `lost` resolve in time although nobody asks {@link isHeld}. */
  #watchFence(): void {
    const remainingMs = Math.max(1, this.#fencedAtMs - this.#keeping.clock.monotonicMs());
    this.#cancelFence = this.#keeping.clock.schedule(remainingMs, () => {
      if (this.isHeld()) this.#watchFence();
    });
  }

  #end(reason: 'disposed' | 'fenced' | 'gone'): void {
    this.#hasEnded = true;
    this.#cancelRenewal();
    this.#cancelFence();
    if (reason !== 'disposed') this.#keeping.logger.warn({ leaseId: this.id, reason }, 'lease lost');
    this.#keeping.onEnded(this);
    this.#ended.resolve(undefined);
  }
}

function fenceAfter(askedAtMs: number, ttlMs: number): number {
  return askedAtMs + ttlMs * (1 - MARGIN_FRACTION);
}
