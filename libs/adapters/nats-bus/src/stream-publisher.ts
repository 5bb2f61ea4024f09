import type { Context } from '@opentelemetry/api';
import { headers } from '@nats-io/transport-node';
import { backoffMs, sleep, type Backoff } from '@rackwright/kernel';
import { busHeaders, type StreamPosition } from '@rackwright/contracts';
import type { BusStreams } from './bus-streams.js';
import { DEFAULT_TIMEOUT_MS, type NatsBusOptions } from './nats-bus-options.js';
import { busUnavailable, isOutOfOrder, isPassing, isStreamMissing, toOperational } from './nats-faults.js';
import type { NatsLink, NatsSession } from './nats-link.js';
import { injectTrace } from './tracing.js';

/** Repeating is safe: the stream knows a message it already holds by its id. */
const MAX_ATTEMPTS = 4;
const RETRY: Backoff = { retryMinMs: 50, retryMaxMs: 1_000 };
/** How many messages of one call may await their acknowledgement. */
const MAX_IN_FLIGHT = 64;

/** A message for a stream. */
export interface StreamMessage {
  readonly subject: string;
  readonly id: string;
  readonly schema: string;
  readonly body: string;
  /** The trace it carries; default: the active one. */
  readonly trace?: Context;
}

/** Publishes to JetStream and awaits its acknowledgements. */
export class StreamPublisher {
  readonly #link: NatsLink;
  readonly #streams: BusStreams;
  readonly #options: NatsBusOptions;

  constructor(link: NatsLink, streams: BusStreams, options: NatsBusOptions) {
    this.#link = link;
    this.#streams = streams;
    this.#options = options;
  }

  /**
   * Stores messages; after a failure, publishing goes on from the first one not acknowledged. With `inOrder` none is
   * stored before the one ahead of it, even if that one fails alone: each names its predecessor
   * (`Nats-Expected-Last-Msg-Id`), and where the chain breaks the rest goes one by one.
   */
  async publish(
    messages: readonly StreamMessage[],
    { inOrder = false }: { readonly inOrder?: boolean } = {},
  ): Promise<readonly StreamPosition[]> {
    const stored: StreamPosition[] = [];
    let attempt = 1;
    let window = MAX_IN_FLIGHT;
    while (stored.length < messages.length) {
      const session = this.#link.session();
      const next = messages.slice(stored.length, stored.length + window);
      const outcomes = await Promise.allSettled(
        next.map((message, index) => this.#send(session, message, inOrder ? next[index - 1] : undefined)),
      );
      const before = stored.length;
      const failure = collect(outcomes, stored);
      if (stored.length > before) attempt = 1;
      if (failure === undefined) continue;
      window = inOrder ? 1 : window;
      if (isOutOfOrder(failure.reason)) continue;
      await this.#recover(session, failure.reason, attempt);
      attempt += 1;
    }
    return stored;
  }

  async #send(
    { jetstream }: NatsSession,
    message: StreamMessage,
    predecessor: StreamMessage | undefined,
  ): Promise<StreamPosition> {
    const sent = injectTrace(headers(), message.trace);
    sent.set(busHeaders.schema, message.schema);
    const timeout = this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const ack = await jetstream.publish(message.subject, message.body, {
      msgID: message.id,
      headers: sent,
      timeout,
      ...(predecessor === undefined ? {} : { expect: { lastMsgID: predecessor.id } }),
    });
    return { seq: ack.seq, duplicate: ack.duplicate };
  }

  /** Waits before the next attempt; throws when there is none. */
  async #recover(session: NatsSession, error: unknown, attempt: number): Promise<void> {
    if (!isPassing(error)) throw toOperational(error, 'the publication');
    if (attempt >= MAX_ATTEMPTS || session.ended.aborted) throw busUnavailable(error);
    const { clock, random, logger } = this.#options;
    if (isStreamMissing(error)) {
      await this.#streams.ensure(session).catch((err: unknown) => {
        logger.warn({ err }, 'nats stream is missing and could not be created');
      });
    }
    await sleep(clock, backoffMs(RETRY, attempt, random));
  }
}

/** Adds what was stored up to the first failure, and returns that failure. */
function collect(
  outcomes: readonly PromiseSettledResult<StreamPosition>[],
  stored: StreamPosition[],
): PromiseRejectedResult | undefined {
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') return outcome;
    stored.push(outcome.value);
  }
  return undefined;
}
