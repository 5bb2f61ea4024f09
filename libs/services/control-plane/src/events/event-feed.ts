import { backoffMs, sleep, type Backoff, type Cancel, type Clock, type Logger, type Random } from '@rackwright/kernel';
import type { MessageBus, StoredEvent, Subscription } from '@rackwright/contracts';
import { EventRing } from './event-ring.js';

/** Recent events kept for readers that come back; older ones are read from the stream. About 2 MB. */
const RECENT_EVENTS = 2_048;
const RETRY: Backoff = { retryMinMs: 100, retryMaxMs: 5_000 };

export interface FeedParts {
  readonly bus: MessageBus;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** A reader attached to the feed. */
export interface FeedListener {
  onEvent(stored: StoredEvent): void;
  /** The stream started over (it was lost): positions of before mean nothing any more. */
  onRestart(): void;
}

/** The one follower of the event stream in this process; readers share it. */
export class EventFeed implements AsyncDisposable {
  readonly #parts: FeedParts;
  readonly #listeners = new Set<FeedListener>();
  readonly #stopping = new AbortController();
  readonly #starting: Promise<void>;
  #ring: EventRing | undefined;
  #following: Subscription | undefined;

  constructor(parts: FeedParts) {
    this.#parts = parts;
    this.#starting = this.#start();
  }

  /** Whether every event after `position` is here or still to come. */
  covers(position: number): boolean {
    return this.#ring !== undefined && position >= this.#ring.floor;
  }

  /**
   * Calls the listener with every event after `position` (which the feed must cover) in order, the recent ones before
   * it returns.
   */
  attach(position: number, listener: FeedListener): Cancel {
    let reached = position;
    const attached: FeedListener = {
      onEvent: (stored) => {
        if (stored.seq <= reached) return;
        reached = stored.seq;
        listener.onEvent(stored);
      },
      onRestart: () => {
        listener.onRestart();
      },
    };
    for (const stored of this.#ring?.after(position) ?? []) attached.onEvent(stored);
    this.#listeners.add(attached);
    return () => void this.#listeners.delete(attached);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(new Error('the event feed was disposed'));
    this.#listeners.clear();
    await this.#starting;
    await this.#following?.[Symbol.asyncDispose]();
  }

  async #start(): Promise<void> {
    const { bus, clock, random, logger } = this.#parts;
    const { signal } = this.#stopping;
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      try {
        const { first, last } = await bus.eventRange();
        const floor = Math.max(first - 1, last - RECENT_EVENTS, 0);
        signal.throwIfAborted();
        this.#ring = new EventRing(RECENT_EVENTS, floor);
        this.#following = bus.followEvents(floor, (stored) => {
          this.#onEvent(stored);
        });
        return;
      } catch (err) {
        if (attempt === 1) logger.warn({ err }, 'the event stream is not reachable yet');
        await sleep(clock, backoffMs(RETRY, attempt, random), signal).catch(() => undefined);
      }
    }
  }

  #onEvent(stored: StoredEvent): void {
    if (this.#ring === undefined || stored.seq <= this.#ring.position) this.#restart(stored.seq - 1);
    this.#ring?.push(stored);
    for (const listener of this.#listeners) listener.onEvent(stored);
  }

  #restart(floor: number): void {
    this.#parts.logger.warn({ floor }, 'the event stream started over');
    this.#ring = new EventRing(RECENT_EVENTS, floor);
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener.onRestart();
  }
}
