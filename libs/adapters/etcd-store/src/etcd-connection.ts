import { InterceptingCall, type CallOptions, type Interceptor } from '@grpc/grpc-js';
import { backoffMs, OperationalError, sleep, type Backoff } from '@rackwright/kernel';
import { noop } from 'cockatiel';
import { Etcd3, type IOptions } from 'etcd3';
import { DEFAULT_UNARY_TIMEOUT_MS, type EtcdStoreOptions } from './etcd-store-options.js';
import { isCompacted, storeClosed, toStoreFailure } from './store-failure.js';
import { traced } from './traced.js';

/** One request of the store, given the client to make it with. */
export type EtcdRequest<T> = (client: Etcd3, options: CallOptions) => Promise<T>;

const READ_ATTEMPTS = 4;
const READ_BACKOFF: Backoff = { retryMinMs: 50, retryMaxMs: 500 };

const CHANNEL_OPTIONS = {
  // A watch that catches up, or one large page, may exceed the 4 MiB default.
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
  // A peer that is frozen or cut off without a reset is noticed within 7 s.
  'grpc.keepalive_time_ms': 5_000,
  'grpc.keepalive_timeout_ms': 2_000,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1_000,
};

/** Makes a member that has lost its leader end the stream instead of going silent on it. */
const requireLeader: Interceptor = (options, nextCall) =>
  new InterceptingCall(nextCall(options), {
    start(metadata, listener, next) {
      metadata.set('hasleader', 'true');
      next(metadata, listener);
    },
  });

/** Call options of a watch stream. */
export const WATCH_CALL: CallOptions = { interceptors: [requireLeader] };

/**
 * The clients of all endpoints, one of them in use. A call that fails for reasons of the way to the store makes the
 * next call go to the next endpoint, so a dead member costs one failure and not a share of all calls.
 */
export class EtcdConnection {
  readonly #clients: readonly Etcd3[];
  readonly #options: EtcdStoreOptions;
  readonly #unaryTimeoutMs: number;
  #preferred = 0;
  #closed = false;

  constructor(options: EtcdStoreOptions) {
    if (options.endpoints.length === 0) throw new RangeError('an etcd store needs at least one endpoint');
    this.#options = options;
    this.#unaryTimeoutMs = options.unaryTimeoutMs ?? DEFAULT_UNARY_TIMEOUT_MS;
    this.#clients = options.endpoints.map((endpoint) => new Etcd3(this.#clientOptions(endpoint)));
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Makes a request once: for writes, whose outcome is unknown when they fail. */
  async once<T>(operation: string, request: EtcdRequest<T>, timeoutMs = this.#unaryTimeoutMs): Promise<T> {
    if (this.#closed) throw storeClosed();
    const client = this.client();
    try {
      return await request(client, { deadline: this.#options.clock.now() + timeoutMs });
    } catch (cause) {
      const failure = toStoreFailure(operation, cause);
      if (failure.retryable) this.abandon(client);
      throw failure;
    }
  }

  /** Makes a request again while it fails retryably, within the time for one call. */
  async retrying<T>(operation: string, request: EtcdRequest<T>): Promise<T> {
    const { clock, random } = this.#options;
    const endsAtMs = clock.monotonicMs() + this.#unaryTimeoutMs;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.once(operation, request, Math.max(1, endsAtMs - clock.monotonicMs()));
      } catch (failure) {
        const delayMs = backoffMs(READ_BACKOFF, attempt, random);
        const isOver = attempt === READ_ATTEMPTS || clock.monotonicMs() + delayMs >= endsAtMs;
        if (isOver || !canRepeat(failure)) throw failure;
        await sleep(clock, delayMs);
      }
    }
  }

  /** A read for a caller, in a span. */
  read<T>(operation: string, request: EtcdRequest<T>): Promise<T> {
    return traced(operation, {}, () => this.retrying(operation, request));
  }

  /** A write for a caller, in a span. */
  write<T>(operation: string, request: EtcdRequest<T>): Promise<T> {
    return traced(operation, {}, () => this.once(operation, request));
  }

  /** The client of the endpoint in use. */
  client(): Etcd3 {
    const client = this.#clients[this.#preferred % this.#clients.length];
    if (client === undefined) throw new RangeError('an etcd store needs at least one endpoint');
    return client;
  }

  /** Goes on with the next endpoint, unless that has happened since `client` was chosen. */
  abandon(client: Etcd3): void {
    if (this.client() === client) this.#preferred += 1;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const client of this.#clients) client.close();
  }

  #clientOptions(endpoint: string): IOptions {
    const { auth, tls, clock } = this.#options;
    return {
      hosts: endpoint,
      grpcOptions: CHANNEL_OPTIONS,
      // The circuit breaker would make one failing call fail unrelated ones; a deadline on a stream would end it.
      faultHandling: { host: () => noop, global: noop },
      defaultCallOptions: (context) => (context.isStream ? {} : { deadline: clock.now() + this.#unaryTimeoutMs }),
      ...(auth === undefined ? {} : { auth }),
      ...(tls === undefined ? {} : { credentials: tls }),
    };
  }
}

function canRepeat(failure: unknown): boolean {
  return failure instanceof OperationalError && failure.retryable && !isCompacted(failure);
}
