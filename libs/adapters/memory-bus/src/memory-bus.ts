import { OperationalError, type Clock, type Idc, type Logger, type Random } from '@rackwright/kernel';
import {
  deviceSubject,
  deviceSubjectFilter,
  deviceTopic,
  eventSubject,
  logSubject,
  requestSubject,
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
import { MemoryBroker, type RawReply } from './memory-broker.js';
import { MemoryFollower, type MemoryFollowing } from './memory-follower.js';
import { exchange, serveOctets } from './memory-requests.js';
import type { StreamEntry } from './memory-stream.js';
import { carryTrace, withTrace } from './trace-carrier.js';

export interface MemoryBusOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** `MessageBus` within one process, with the semantics of NATS and a link that can be cut and healed. */
export class MemoryBus implements MessageBus {
  readonly #options: MemoryBusOptions;
  readonly #broker: MemoryBroker;
  readonly #subscriptions = new Set<Subscription>();
  #lost = new AbortController();

  /** A bus of its own, or a further connection to `broker`. */
  constructor(options: MemoryBusOptions, broker = new MemoryBroker()) {
    this.#options = options;
    this.#broker = broker;
  }

  /** Another connection to the same streams, subjects and devices, with a link of its own. */
  peer(): MemoryBus {
    return new MemoryBus(this.#options, this.#broker);
  }

  /** Cuts this connection: its calls reject with `bus-unavailable`, its subscriptions fall silent. */
  cut(): void {
    this.#lost.abort(unavailable());
  }

  /** Ends a cut; subscriptions go on where they were. */
  heal(): void {
    if (!this.#lost.signal.aborted) return;
    this.#lost = new AbortController();
    this.#broker.events.wake();
    this.#broker.logs.wake();
  }

  /** Empties both streams, as a server that comes back without its disk. */
  wipe(): void {
    this.#broker.events.wipe();
    this.#broker.logs.wipe();
  }

  /** Sends octets as a request, as any client of the server could; `undefined` when nobody serves the subject. */
  async requestRaw(subject: string, octets: Uint8Array): Promise<RawReply | undefined> {
    this.#assertReachable();
    return this.#broker.dispatch(subject, octets);
  }

  async request<Req extends object, Rep extends object>(
    contract: RequestContract<Req, Rep>,
    at: { readonly idc: Idc },
    ...[payload, options = {}]: [payload: Req, options?: RequestOptions]
  ): Promise<Rep> {
    options.signal?.throwIfAborted();
    this.#assertReachable();
    const wire = { broker: this.#broker, clock: this.#options.clock, lost: this.#lost.signal };
    return exchange(wire, { contract, subject: requestSubject(contract, at.idc), payload, options });
  }

  respond<Req extends object, Rep extends object>(
    contract: RequestContract<Req, Rep>,
    at: { readonly idc: Idc },
    handler: (payload: Req) => Promise<Rep>,
  ): Subscription {
    const inHand = new Set<Promise<RawReply>>();
    const serve = (octets: Uint8Array): Promise<RawReply> => {
      const work = serveOctets({ contract, handler }, octets, this.#options.logger).finally(() => inHand.delete(work));
      inHand.add(work);
      return work;
    };
    const subject = requestSubject(contract, at.idc);
    const forget = this.#broker.addResponder({ subject, isReachable: this.#isReachable, serve });
    return this.#track(async () => {
      forget();
      await Promise.all(inHand);
    });
  }

  async publishEvents(events: readonly EventEnvelope[]): Promise<readonly StreamPosition[]> {
    const stored: StreamPosition[] = [];
    for (const event of events) stored.push(await this.publishEvent(event));
    return stored;
  }

  async publishEvent(event: EventEnvelope): Promise<StreamPosition> {
    const trace = carryTrace(event.traceparent);
    await this.#acrossTheWire();
    const subject = eventSubject(event.idc, event.type);
    return this.#broker.events.append({ subject, id: event.id, body: JSON.stringify(event), trace });
  }

  followEvents(after: number, handler: (stored: StoredEvent) => void | Promise<void>): Subscription {
    const deliver = ({ seq, body, trace }: StreamEntry): void | Promise<void> =>
      withTrace(trace, () => handler({ seq, event: JSON.parse(body) as EventEnvelope }));
    return this.#follow({ stream: this.#broker.events, after, isReachable: this.#isReachable, deliver });
  }

  async eventRange(): Promise<{ readonly first: number; readonly last: number }> {
    await this.#acrossTheWire();
    const { first, last } = this.#broker.events;
    return { first, last };
  }

  async publishLogs(lines: readonly LogLine[]): Promise<void> {
    await this.#acrossTheWire();
    for (const line of lines) {
      this.#broker.logs.append({ subject: logSubject(line), id: line.id, body: JSON.stringify(line), trace: {} });
    }
  }

  async readLogs(
    at: LogSource,
    range: { readonly after: number; readonly limit: number },
  ): Promise<readonly StoredLogLine[]> {
    await this.#acrossTheWire();
    const { logs } = this.#broker;
    const after = range.after > logs.last ? 0 : range.after;
    return logs.read({ after, subject: logSubject(at), limit: range.limit }).map(toStoredLine);
  }

  followLogs(at: LogSource, after: number, handler: (stored: StoredLogLine) => void | Promise<void>): Subscription {
    return this.#follow({
      stream: this.#broker.logs,
      subject: logSubject(at),
      after,
      isReachable: this.#isReachable,
      deliver: (entry) => handler(toStoredLine(entry)),
    });
  }

  async publishToDevice(message: DeviceMessage): Promise<void> {
    const subject = deviceSubject(message.topic);
    await this.#acrossTheWire();
    this.#broker.publish(subject, message.payload);
  }

  onDeviceMessage(topicFilter: string, handler: (message: DeviceMessage) => void): Subscription {
    const receive = (subject: string, payload: Uint8Array): void => {
      const topic = deviceTopic(subject);
      try {
        handler({ topic, payload });
      } catch (err) {
        this.#options.logger.error({ err, topic }, 'device message handler failed');
      }
    };
    const filter = deviceSubjectFilter(topicFilter).split('.');
    const forget = this.#broker.addSubscriber({ filter, isReachable: this.#isReachable, receive });
    return this.#track(() => {
      forget();
      return Promise.resolve();
    });
  }

  ping(): Promise<void> {
    return this.#acrossTheWire();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(Array.from(this.#subscriptions, (subscription) => subscription[Symbol.asyncDispose]()));
    this.cut();
  }

  readonly #isReachable = (): boolean => !this.#lost.signal.aborted;

  #assertReachable(): void {
    this.#lost.signal.throwIfAborted();
  }

  /** Gives others their turn, as a call over a network does. */
  async #acrossTheWire(): Promise<void> {
    this.#assertReachable();
    await Promise.resolve();
  }

  #follow(following: MemoryFollowing): Subscription {
    const follower = new MemoryFollower(following, this.#options);
    return this.#track(() => follower[Symbol.asyncDispose]());
  }

  #track(end: () => Promise<void>): Subscription {
    const subscription = {
      [Symbol.asyncDispose]: async (): Promise<void> => {
        this.#subscriptions.delete(subscription);
        await end();
      },
    };
    this.#subscriptions.add(subscription);
    return subscription;
  }
}

function toStoredLine({ seq, body }: StreamEntry): StoredLogLine {
  return { seq, line: JSON.parse(body) as LogLine };
}

function unavailable(): OperationalError {
  return new OperationalError('the bus is not reachable', { code: 'bus-unavailable', retryable: true });
}
