import type { ConsumerMessages, JsMsg } from '@nats-io/jetstream';
import { backoffMs, sleep, type Backoff } from '@rackwright/kernel';
import type { BusStreams } from './bus-streams.js';
import type { NatsBusOptions } from './nats-bus-options.js';
import { isStreamMissing } from './nats-faults.js';
import type { NatsLink, NatsSession } from './nats-link.js';
import { openCursor, type StreamCursor, type StreamPosition, type StreamSource } from './stream-cursor.js';

const RETRY: Backoff = { retryMinMs: 100, retryMaxMs: 5_000 };
/** Bounds what waits in memory behind a slow handler. */
const BATCH_MESSAGES = 128;
const PULL_EXPIRES_MS = 30_000;

/** What a follower needs besides its source. */
export interface FollowerParts {
  readonly link: NatsLink;
  readonly streams: BusStreams;
  readonly options: NatsBusOptions;
}

/** What to follow and whom to tell. */
export interface Following {
  readonly source: StreamSource;
  readonly after: number;
  readonly deliver: (message: JsMsg) => void | Promise<void>;
}

/**
 * Delivers a stream in order from a position on. The position is kept here, not on the server: every session opens a
 * cursor behind the last message handled, and a hole in the cursor's own numbering abandons the cursor. So nothing is
 * lost or repeated however the connection or the server comes and goes.
 */
export class StreamFollower implements AsyncDisposable {
  readonly #parts: FollowerParts;
  readonly #following: Following;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #position: StreamPosition;

  constructor(parts: FollowerParts, following: Following) {
    this.#parts = parts;
    this.#following = following;
    this.#position = { after: following.after };
    this.#running = this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(new Error('the subscription was disposed'));
    await this.#running;
  }

  async #run(): Promise<void> {
    const { link } = this.#parts;
    let failures = 0;
    while (!this.#isStopping()) {
      let session: NatsSession | undefined;
      const before = this.#position.after;
      try {
        session = await link.nextSession(this.#stopping.signal);
        await this.#follow(session);
      } catch (error) {
        failures = this.#position.after === before ? failures + 1 : 1;
        if (!this.#isStopping()) await this.#recover(session, error, failures);
      }
    }
  }

  async #follow(session: NatsSession): Promise<void> {
    const { logger } = this.#parts.options;
    const cursor = await openCursor(session, this.#following.source, { position: this.#position, logger });
    this.#position = { after: cursor.after, createdAt: cursor.createdAt };
    const signal = AbortSignal.any([this.#stopping.signal, session.ended]);
    try {
      await this.#drainCursor(cursor, signal);
    } finally {
      await cursor.close();
    }
  }

  async #drainCursor({ consumer }: StreamCursor, signal: AbortSignal): Promise<void> {
    let delivered = 0;
    while (!signal.aborted) {
      const batch = await consumer.fetch({ max_messages: BATCH_MESSAGES, expires: PULL_EXPIRES_MS });
      const stop = (): void => void batch.close();
      signal.addEventListener('abort', stop, { once: true });
      try {
        delivered = await this.#deliverBatch(batch, delivered, signal);
      } finally {
        signal.removeEventListener('abort', stop);
        stop();
      }
    }
    signal.throwIfAborted();
  }

  /** Delivers a batch; returns how many messages the cursor has delivered by then. */
  async #deliverBatch(batch: ConsumerMessages, before: number, signal: AbortSignal): Promise<number> {
    let delivered = before;
    for await (const message of batch) {
      signal.throwIfAborted();
      delivered += 1;
      if (message.info.deliverySequence !== delivered) throw new Error('messages were lost on their way');
      await this.#deliver(message);
      this.#position = { ...this.#position, after: message.seq };
    }
    return delivered;
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** A handler that fails is called again with the same message: passing it over would lose it. */
  async #deliver(message: JsMsg): Promise<void> {
    const { clock, random, logger } = this.#parts.options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#following.deliver(message);
        return;
      } catch (err) {
        logger.error({ err, subject: message.subject, seq: message.seq, attempt }, 'stream message handler failed');
        await sleep(clock, backoffMs(RETRY, attempt, random), this.#stopping.signal);
      }
    }
  }

  async #recover(session: NatsSession | undefined, err: unknown, failures: number): Promise<void> {
    const { streams, options } = this.#parts;
    if (session === undefined || session.ended.aborted) return;
    const { stream } = this.#following.source;
    options.logger.warn({ err, stream, after: this.#position.after }, 'nats stream is being followed anew');
    if (isStreamMissing(err)) await streams.ensure(session).catch(() => undefined);
    await sleep(options.clock, backoffMs(RETRY, failures, options.random), this.#stopping.signal).catch(
      () => undefined,
    );
  }
}
