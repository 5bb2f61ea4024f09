import type { Cancel } from '@rackwright/kernel';
import type { MessageBus, StoredEvent, Subscription } from '@rackwright/contracts';
import type { EventFeed } from './event-feed.js';

/** Where a reader's events go. */
export interface EventSink {
  /** Takes one event; calls come in stream order, each event once. */
  send(stored: StoredEvent): void;
  /** Resolves once there is room for more; awaited only while catching up. */
  room(): Promise<void>;
  /** The stream started over; the reader has to be ended. */
  restart(): void;
}

/**
 * One reader of events from a position on. What is older than the shared feed remembers is read from the stream by a
 * reader of its own until the feed has it; the position makes sure that nothing is lost or doubled in between.
 */
export class EventReader implements AsyncDisposable {
  readonly #feed: EventFeed;
  readonly #bus: MessageBus;
  readonly #sink: EventSink;
  #position: number;
  #detach: Cancel | undefined;
  #catchingUp: Subscription | undefined;
  #isDisposed = false;

  private constructor(
    parts: { readonly feed: EventFeed; readonly bus: MessageBus },
    position: number,
    sink: EventSink,
  ) {
    this.#feed = parts.feed;
    this.#bus = parts.bus;
    this.#position = position;
    this.#sink = sink;
  }

  /** Starts reading after `position`. */
  static open(
    parts: { readonly feed: EventFeed; readonly bus: MessageBus },
    position: number,
    sink: EventSink,
  ): EventReader {
    const reader = new EventReader(parts, position, sink);
    reader.#begin();
    return reader;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    this.#detach?.();
    await this.#catchingUp?.[Symbol.asyncDispose]();
  }

  #begin(): void {
    if (this.#feed.covers(this.#position)) this.#attach();
    else this.#catchingUp = this.#bus.followEvents(this.#position, (stored) => this.#catchUp(stored));
  }

  #attach(): void {
    this.#detach = this.#feed.attach(this.#position, {
      onEvent: (stored) => {
        this.#position = stored.seq;
        this.#sink.send(stored);
      },
      onRestart: () => {
        this.#sink.restart();
      },
    });
  }

  /** A call, because disposing may happen during any await. */
  #hasEnded(): boolean {
    return this.#isDisposed;
  }

  async #catchUp(stored: StoredEvent): Promise<void> {
    if (this.#isDisposed || this.#detach !== undefined) return;
    this.#position = stored.seq;
    this.#sink.send(stored);
    await this.#sink.room();
    if (this.#hasEnded() || !this.#feed.covers(this.#position)) return;
    this.#attach();
    // Not awaited: the subscription ends after this very call.
    void this.#catchingUp?.[Symbol.asyncDispose]();
  }
}

/**
 * The position a reader starts from. Rejects when the stream is not reachable. A position beyond the end of the
 * stream is from before it was lost: everything there is now is new to that reader.
 */
export async function startPosition(bus: MessageBus, after: number | undefined): Promise<number> {
  const { first, last } = await bus.eventRange();
  if (after === undefined) return last;
  return after > last ? first - 1 : after;
}
