import type { Clock, Mac } from '@rackwright/kernel';

interface Bucket {
  tokens: number;
  atMs: number;
}

/** A machine sends a handful of messages per boot stage; more is a loop or an attack. */
export interface RateLimit {
  readonly perSecond: number;
  readonly burst: number;
}

/** Buckets kept; the one used longest ago is forgotten, which gives its owner a full one again. */
const MAX_CLIENTS = 65_536;

/** Limits how many messages of one client, by its MAC or address, are looked at. */
export class RateLimiter<K extends string = Mac> {
  readonly #clock: Clock;
  readonly #limit: RateLimit;
  readonly #buckets = new Map<K, Bucket>();

  constructor(clock: Clock, limit: RateLimit) {
    this.#clock = clock;
    this.#limit = limit;
  }

  /** Whether one more message of `client` may pass now. */
  admits(client: K): boolean {
    const now = this.#clock.monotonicMs();
    const { burst, perSecond } = this.#limit;
    const bucket = this.#buckets.get(client) ?? { tokens: burst, atMs: now };
    this.#buckets.delete(client);
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.atMs) / 1_000) * perSecond);
    bucket.atMs = now;
    this.#buckets.set(client, bucket);
    this.#forgetOldest();
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  #forgetOldest(): void {
    if (this.#buckets.size <= MAX_CLIENTS) return;
    const [oldest] = this.#buckets.keys();
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }
}
