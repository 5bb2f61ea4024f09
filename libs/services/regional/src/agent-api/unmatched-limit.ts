import type { Clock, Mac } from '@rackwright/kernel';

/** Anyone on the network can report without a token; what that may fill etcd with ends here. */
const MAX_UNMATCHED = 10_000;
/** A machine in the wait loop reports again and again; its entry is rewritten no more often than this. */
const REWRITE_EVERY_MS = 10_000;
const MAX_REMEMBERED = 4_096;

/** Bounds what machines without a task can make the region write. */
export class UnmatchedLimit {
  readonly #clock: Clock;
  readonly #heardAtMs = new Map<Mac, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether a report of `mac` is to be written. */
  admit(mac: Mac, found: { readonly isKnown: boolean; readonly stored: number }): 'write' | 'just-heard' | 'full' {
    const nowMs = this.#clock.monotonicMs();
    const heardAtMs = this.#heardAtMs.get(mac);
    if (heardAtMs !== undefined && nowMs - heardAtMs < REWRITE_EVERY_MS) return 'just-heard';
    if (!found.isKnown && found.stored >= MAX_UNMATCHED) return 'full';
    this.#heardAtMs.delete(mac);
    this.#heardAtMs.set(mac, nowMs);
    const [oldest] = this.#heardAtMs.keys();
    if (this.#heardAtMs.size > MAX_REMEMBERED && oldest !== undefined) this.#heardAtMs.delete(oldest);
    return 'write';
  }
}
