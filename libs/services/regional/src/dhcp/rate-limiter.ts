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

/** Limits how many messages of one MAC are looked at. */
export class RateLimiter {
  readonly #clock: Clock;
  readonly #limit: RateLimit;
  readonly #buckets = new Map<Mac, Bucket>();

  constructor(clock: Clock, limit: RateLimit) {
    this.#clock = clock;
    this.#limit = limit;
  }

  /** Whether one more message of `mac` may pass now. */
  admits(mac: Mac): boolean {
    const now = this.#clock.monotonicMs();
    const { burst, perSecond } = this.#limit;
    const bucket = this.#buckets.get(mac) ?? { tokens: burst, atMs: now };
    this.#buckets.delete(mac);
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.atMs) / 1_000) * perSecond);
    bucket.atMs = now;
    this.#buckets.set(mac, bucket);
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
