import { SpanKind } from '@opentelemetry/api';
import type { JsMsg } from '@nats-io/jetstream';
import type { Idc } from '@rackwright/kernel';
import {
  deviceSubject,
  EVENT_STREAM,
  eventSubject,
  LOG_STREAM,
  logSubject,
  type DeviceMessage,
  type EventEnvelope,
  type LogLine,
  type LogSource,
  type MessageBus,
  type RequestContract,
  type RequestOptions,
  type StoredEvent,
  type StoredLogLine,
  type StreamPosition,
  type Subscription,
} from '@rackwright/contracts';
import { BusStreams } from './bus-streams.js';
import { DeviceSubscription } from './device-messages.js';
import { readLogLines, toStoredLine, type LogRange } from './log-reader.js';
import { DEFAULT_TIMEOUT_MS, type NatsBusOptions } from './nats-bus-options.js';
import { busUnavailable, toOperational } from './nats-faults.js';
import { NatsLink, type NatsSession } from './nats-link.js';
import { sendRequest } from './requester.js';
import { Responder } from './responder.js';
import { parseEvent } from './stored-message.js';
import { StreamFollower, type Following } from './stream-follower.js';
import { StreamPublisher } from './stream-publisher.js';
import { inSpan, OpenSpans, traceFrom, traceOf } from './tracing.js';
import { untilAborted, withDeadline } from './with-deadline.js';

/**
 * `MessageBus` over NATS with JetStream.
 * Beyond the errors of the port, `request` may reject with `reply-invalid` and publications with `payload-too-large`
 * or `bus-refused` (permissions), none of them retryable.
 */
export class NatsBus implements MessageBus {
  readonly #options: NatsBusOptions;
  readonly #link: NatsLink;
  readonly #streams: BusStreams;
  readonly #publisher: StreamPublisher;
  readonly #subscriptions = new Set<Subscription>();

  private constructor(options: NatsBusOptions) {
    this.#options = options;
    this.#link = new NatsLink(options);
    this.#streams = new BusStreams(this.#link, options);
    this.#publisher = new StreamPublisher(this.#link, this.#streams, options);
  }

  /**
   * Resolves once the first connection attempt has ended, at the latest after `timeoutMs` per server, whether NATS is
   * there or not; connecting goes on in the background for as long as the bus lives.
   */
  static async connect(options: NatsBusOptions): Promise<NatsBus> {
    const bus = new NatsBus(options);
    await bus.#link.attempted;
    return bus;
  }

  request<Req extends object, Rep extends object>(
    contract: RequestContract<Req, Rep>,
    at: { readonly idc: Idc },
    ...[payload, options]: [payload: Req, options?: RequestOptions]
  ): Promise<Rep> {
    return sendRequest(this.#link, { contract, idc: at.idc, payload }, options);
  }

  respond<Req extends object, Rep extends object>(
    contract: RequestContract<Req, Rep>,
    at: { readonly idc: Idc },
    handler: (payload: Req) => Promise<Rep>,
  ): Subscription {
    return this.#track(new Responder(this.#link, { contract, idc: at.idc, handler }, this.#options.logger));
  }

  async publishEvent(event: EventEnvelope): Promise<StreamPosition> {
    const [stored] = await this.publishEvents([event]);
    if (stored === undefined) throw busUnavailable();
    return stored;
  }

  publishEvents(events: readonly EventEnvelope[]): Promise<readonly StreamPosition[]> {
    const spans = new OpenSpans();
    const messages = events.map((event) => {
      const subject = eventSubject(event.idc, event.type);
      const parent = traceFrom(event.traceparent);
      const trace = spans.begin({ name: `publish ${event.type}`, kind: SpanKind.PRODUCER, subject, parent });
      return { subject, id: event.id, schema: 'event.v1', body: JSON.stringify(event), trace };
    });
    return spans.end(this.#publisher.publish(messages, { inOrder: true }));
  }

  followEvents(after: number, handler: (stored: StoredEvent) => void | Promise<void>): Subscription {
    const deliver = async (message: JsMsg): Promise<void> => {
      const event = parseEvent(message.data);
      if (event === undefined) {
        this.#skip(message);
        return;
      }
      const { subject, seq } = message;
      const span = {
        name: `receive ${event.type}`,
        kind: SpanKind.CONSUMER,
        subject,
        parent: traceOf(message.headers),
      };
      await inSpan(span, async () => handler({ seq, event }));
    };
    return this.#follow({ source: { stream: EVENT_STREAM.name }, after, deliver });
  }

  async eventRange(): Promise<{ readonly first: number; readonly last: number }> {
    const session = this.#link.session();
    try {
      const { state } = await session.manager.streams.info(EVENT_STREAM.name);
      return { first: state.messages === 0 ? state.last_seq + 1 : state.first_seq, last: state.last_seq };
    } catch (error) {
      throw toOperational(error, 'the event stream');
    }
  }

  async publishLogs(lines: readonly LogLine[]): Promise<void> {
    await this.#publisher.publish(
      lines.map((line) => ({ subject: logSubject(line), id: line.id, schema: 'log.v1', body: JSON.stringify(line) })),
    );
  }

  readLogs(at: LogSource, range: LogRange): Promise<readonly StoredLogLine[]> {
    return readLogLines({ link: this.#link, options: this.#options }, at, range);
  }

  followLogs(at: LogSource, after: number, handler: (stored: StoredLogLine) => void | Promise<void>): Subscription {
    const deliver = async (message: JsMsg): Promise<void> => {
      const stored = toStoredLine(message);
      if (stored === undefined) this.#skip(message);
      else await handler(stored);
    };
    return this.#follow({ source: { stream: LOG_STREAM.name, subject: logSubject(at) }, after, deliver });
  }

  async publishToDevice(message: DeviceMessage): Promise<void> {
    const subject = deviceSubject(message.topic);
    await this.#flushed(subject, ({ connection }) => {
      connection.publish(subject, message.payload);
    });
  }

  onDeviceMessage(topicFilter: string, handler: (message: DeviceMessage) => void): Subscription {
    const { logger } = this.#options;
    return this.#track(new DeviceSubscription(this.#link, topicFilter, { handler, logger }));
  }

  ping(): Promise<void> {
    return this.#flushed('ping', () => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#streams.stop();
    await Promise.all(Array.from(this.#subscriptions, (subscription) => subscription[Symbol.asyncDispose]()));
    await this.#link[Symbol.asyncDispose]();
  }

  /** Does something with the connection and awaits the server's answer to all that was sent. */
  async #flushed(what: string, act: (session: NatsSession) => void): Promise<void> {
    const session = this.#link.session();
    const { clock, timeoutMs = DEFAULT_TIMEOUT_MS } = this.#options;
    try {
      act(session);
      await untilAborted(withDeadline(clock, timeoutMs, session.connection.flush()), session.ended);
    } catch (error) {
      throw toOperational(error, what);
    }
  }

  #follow(following: Following): Subscription {
    const parts = { link: this.#link, streams: this.#streams, options: this.#options };
    return this.#track(new StreamFollower(parts, following));
  }

  #track(subscription: Subscription): Subscription {
    this.#subscriptions.add(subscription);
    return {
      [Symbol.asyncDispose]: async () => {
        this.#subscriptions.delete(subscription);
        await subscription[Symbol.asyncDispose]();
      },
    };
  }

  /** Anybody who may publish can put anything on a stream's subject; it must not stop those who follow. */
  #skip(message: JsMsg): void {
    this.#options.logger.warn({ subject: message.subject, seq: message.seq }, 'stream message of unknown form skipped');
  }
}
