import { headers } from '@nats-io/transport-node';
import { backoffMs, sleep, type Backoff } from '@rackwright/kernel';
import { busHeaders } from '@rackwright/contracts';
import type { BusStreams } from './bus-streams.js';
import { DEFAULT_TIMEOUT_MS, type NatsBusOptions } from './nats-bus-options.js';
import { busUnavailable, isPassing, isStreamMissing, toOperational } from './nats-faults.js';
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
}

/** Where a message is in its stream, and whether it was there before. */
export interface Stored {
  readonly seq: number;
  readonly duplicate: boolean;
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

  /** Stores messages in their order; after a failure, publishing goes on from the first one not acknowledged. */
  async publish(messages: readonly StreamMessage[]): Promise<readonly Stored[]> {
    const stored: Stored[] = [];
    let attempt = 1;
    while (stored.length < messages.length) {
      const session = this.#link.session();
      const window = messages.slice(stored.length, stored.length + MAX_IN_FLIGHT);
      const outcomes = await Promise.allSettled(window.map((message) => this.#send(session, message)));
      const failure = collect(outcomes, stored);
      if (failure === undefined) {
        attempt = 1;
        continue;
      }
      await this.#recover(session, failure.reason, attempt);
      attempt += 1;
    }
    return stored;
  }

  async #send({ jetstream }: NatsSession, message: StreamMessage): Promise<Stored> {
    const sent = injectTrace(headers());
    sent.set(busHeaders.schema, message.schema);
    const timeout = this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const ack = await jetstream.publish(message.subject, message.body, { msgID: message.id, headers: sent, timeout });
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
  outcomes: readonly PromiseSettledResult<Stored>[],
  stored: Stored[],
): PromiseRejectedResult | undefined {
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') return outcome;
    stored.push(outcome.value);
  }
  return undefined;
}
