import { backoffMs, sleep, type Backoff, type Clock, type Logger, type Random } from '@rackwright/kernel';
import type { MemoryStream, StreamEntry } from './memory-stream.js';

const RETRY: Backoff = { retryMinMs: 100, retryMaxMs: 5_000 };
const BATCH = 128;

/** What to follow and whom to tell. */
export interface MemoryFollowing {
  readonly stream: MemoryStream;
  readonly subject?: string;
  readonly after: number;
  /** False while the connection is cut: nothing is delivered then. */
  readonly isReachable: () => boolean;
  readonly deliver: (entry: StreamEntry) => void | Promise<void>;
}

/** What a follower needs of its surroundings. */
export interface MemoryFollowerParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Delivers a stream in order from a position on; goes on by itself after a cut. */
export class MemoryFollower implements AsyncDisposable {
  readonly #following: MemoryFollowing;
  readonly #parts: MemoryFollowerParts;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #after: number;
  #generation: number;

  constructor(following: MemoryFollowing, parts: MemoryFollowerParts) {
    this.#following = following;
    this.#parts = parts;
    this.#after = following.after;
    this.#generation = following.stream.generation;
    this.#running = this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(new Error('the subscription was disposed'));
    this.#following.stream.wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { stream, isReachable } = this.#following;
    // Delivery begins after the caller has the subscription in hand.
    await Promise.resolve();
    while (!this.#stopping.signal.aborted) {
      const changed = stream.changed();
      const isMoved = isReachable() && (await this.#deliverBatch());
      if (!isMoved) await changed;
    }
  }

  async #deliverBatch(): Promise<boolean> {
    const { stream, subject, isReachable } = this.#following;
    this.#startOverIfLost();
    const entries = stream.read({ after: this.#after, subject, limit: BATCH });
    for (const entry of entries) {
      if (!isReachable() || this.#stopping.signal.aborted || stream.generation !== this.#generation) break;
      if (await this.#deliver(entry)) this.#after = entry.seq;
    }
    return entries.length > 0;
  }

  #startOverIfLost(): void {
    const { stream } = this.#following;
    if (stream.generation === this.#generation && stream.last >= this.#after) return;
    this.#parts.logger.warn({ after: this.#after, last: stream.last }, 'stream was lost; reading starts over');
    this.#generation = stream.generation;
    this.#after = 0;
  }

  /** A handler that fails is called again with the same message: passing it over would lose it. */
  async #deliver(entry: StreamEntry): Promise<boolean> {
    const { clock, random, logger } = this.#parts;
    for (let attempt = 1; !this.#stopping.signal.aborted; attempt += 1) {
      try {
        await this.#following.deliver(entry);
        return true;
      } catch (err) {
        logger.error({ err, subject: entry.subject, seq: entry.seq, attempt }, 'stream message handler failed');
        await sleep(clock, backoffMs(RETRY, attempt, random), this.#stopping.signal).catch(() => undefined);
      }
    }
    return false;
  }
}
