import type { Idc } from '@rackwright/kernel';
import type { EventEnvelope } from '../events/event-envelope.js';
import type { RequestContract } from '../nats/request-contract.js';

/** Where a message came from and what it carries beside its payload. */
export interface MessageHeaders {
  readonly [name: string]: string;
}

/** An event as the stream holds it. */
export interface StoredEvent {
  /** Position in the stream: ascending, without repetition; what `after` and `Last-Event-ID` refer to. */
  readonly seq: number;
  readonly event: EventEnvelope;
}

/** Where a message is in its stream. */
export interface StreamPosition {
  readonly seq: number;
  /** Whether it was there before. */
  readonly duplicate: boolean;
}

/** One line of an install log as the stream holds it. */
export interface StoredLogLine {
  readonly seq: number;
  readonly line: LogLine;
}

/** One line of a machine's install log. */
export interface LogLine {
  readonly idc: string;
  readonly sn: string;
  readonly task_id: string;
  readonly at: string;
  readonly text: string;
  /** Unique per line, so that a repeated publication is stored once. */
  readonly id: string;
}

export interface RequestOptions {
  /** Overrides the contract's deadline. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** A running subscription; disposing ends it after the message in hand. */
export type Subscription = AsyncDisposable;

/** An MQTT message as it crosses the NATS listener; `topic` uses `/`. */
export interface DeviceMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
}

/**
 * Requests, events and logs between the services.
 * Methods reject with `OperationalError`: `bus-unavailable` (retryable) when NATS is away, `request-timeout`
 * (retryable) past a deadline, `no-responder` (retryable) when nobody serves the subject.
 */
export interface MessageBus extends AsyncDisposable {
  /** Sends one request and awaits its reply. A problem reply rejects with `RemoteProblem`. */
  request<Req extends object, Rep extends object>(
    contract: RequestContract<Req, Rep>,
    at: { readonly idc: Idc },
    payload: Req,
    options?: RequestOptions,
  ): Promise<Rep>;

  /** Serves a request subject for one IDC. Invalid payloads are answered with a problem and never reach `handler`. */
  respond<Req extends object, Rep extends object>(
    contract: RequestContract<Req, Rep>,
    at: { readonly idc: Idc },
    handler: (payload: Req) => Promise<Rep>,
  ): Subscription;

  /**
   * Stores an event; resolves when JetStream acknowledged it. `event.id` is the deduplication key (`Nats-Msg-Id`):
   * publishing it again within the stream's window stores nothing and resolves with the position of the first.
   */
  publishEvent(event: EventEnvelope): Promise<StreamPosition>;

  /**
   * Stores events in their order, many at a time. A failure says nothing of how many were stored; publishing all of
   * them again is safe, and keeps their order.
   */
  publishEvents(events: readonly EventEnvelope[]): Promise<readonly StreamPosition[]>;

  /**
   * Delivers every stored event with `seq > after` in order, then goes on with new ones, across reconnects,
   * without loss or repetition. The handler is awaited before the next delivery; when it rejects, the same event is
   * delivered again after a pause. When the stream ends before `after` (it was lost), delivery starts over at its first.
   */
  followEvents(after: number, handler: (stored: StoredEvent) => void | Promise<void>): Subscription;

  /** Sequence numbers of the oldest and newest stored event; `first` is `last + 1` when the stream is empty. */
  eventRange(): Promise<{ readonly first: number; readonly last: number }>;

  /** Stores log lines in order; resolves when all are acknowledged. */
  publishLogs(lines: readonly LogLine[]): Promise<void>;

  /** Stored log lines of one task with `seq > after`, oldest first, at most `limit`. */
  readLogs(at: LogSource, range: { readonly after: number; readonly limit: number }): Promise<readonly StoredLogLine[]>;

  /** Delivers log lines of one task with `seq > after`, then new ones. */
  followLogs(at: LogSource, after: number, handler: (stored: StoredLogLine) => void | Promise<void>): Subscription;

  /** Publishes to an MQTT topic (`node/{mac}/command`); at most once. */
  publishToDevice(message: DeviceMessage): Promise<void>;

  /** Receives MQTT publications; `topicFilter` may hold `+` for one level. */
  onDeviceMessage(topicFilter: string, handler: (message: DeviceMessage) => void): Subscription;

  /** Round trip to the server; rejects when it is unreachable. */
  ping(): Promise<void>;
}

/** Whose log: one task of one machine. */
export interface LogSource {
  readonly idc: Idc;
  readonly sn: string;
  readonly task_id: string;
}
