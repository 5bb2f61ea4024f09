import { jetstream, jetstreamManager, type JetStreamClient, type JetStreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node';
import { backoffMs, sleep, type Backoff } from '@rackwright/kernel';
import { DEFAULT_TIMEOUT_MS, type NatsBusOptions } from './nats-bus-options.js';
import { busUnavailable } from './nats-faults.js';
import { untilAborted, withDeadline } from './with-deadline.js';

const RECONNECT: Backoff = { retryMinMs: 100, retryMaxMs: 2_000 };
/** Two pings unanswered end the session: a silent server is given up after 20 to 30 seconds. */
const PING_INTERVAL_MS = 10_000;

/** One living connection to NATS. */
export interface NatsSession {
  readonly connection: NatsConnection;
  readonly jetstream: JetStreamClient;
  readonly manager: JetStreamManager;
  /** Aborted when the connection is lost. */
  readonly ended: AbortSignal;
}

type SessionListener = (session: NatsSession) => void;

/**
 * Keeps one connection to NATS alive. Every connection is a fresh one: the client's own reconnection would send
 * publications of the outage, long given up by their callers, after it.
 */
export class NatsLink implements AsyncDisposable {
  readonly #options: NatsBusOptions;
  readonly #closing = new AbortController();
  readonly #listeners = new Set<SessionListener>();
  readonly #firstAttempt = Promise.withResolvers<undefined>();
  readonly #running: Promise<void>;
  #session: NatsSession | undefined;

  constructor(options: NatsBusOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  /** Resolves once the first connection attempt has ended, however it did. */
  get attempted(): Promise<undefined> {
    return this.#firstAttempt.promise;
  }

  /** The living session; throws `bus-unavailable` when there is none. */
  session(): NatsSession {
    if (this.#session === undefined) throw busUnavailable();
    return this.#session;
  }

  /** Calls `listener` with the living session, if any, and with every later one; returns how to stop that. */
  onSession(listener: SessionListener): () => void {
    this.#listeners.add(listener);
    if (this.#session !== undefined) this.#tell(listener, this.#session);
    return () => this.#listeners.delete(listener);
  }

  /** The living session or the next one. */
  async nextSession(signal: AbortSignal): Promise<NatsSession> {
    const next = Promise.withResolvers<NatsSession>();
    const forget = this.onSession(next.resolve);
    try {
      return await untilAborted(next.promise, signal);
    } finally {
      forget();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(busUnavailable());
    const connection = this.#session?.connection;
    if (connection !== undefined) await this.#drain(connection);
    await this.#running;
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#isClosing()) {
      const connection = await this.#connect(failures);
      failures = connection === undefined ? failures + 1 : 0;
      if (connection !== undefined) await this.#live(connection);
      this.#firstAttempt.resolve(undefined);
      await this.#pause(failures);
    }
  }

  async #connect(failures: number): Promise<NatsConnection | undefined> {
    try {
      return await connect(connectionOptions(this.#options));
    } catch (err) {
      const { logger, servers } = this.#options;
      // One line per outage; what follows is the same news again.
      logger[failures === 0 ? 'warn' : 'debug']({ err, servers }, 'nats connection failed');
      return undefined;
    }
  }

  async #live(connection: NatsConnection): Promise<void> {
    const { logger } = this.#options;
    const ended = new AbortController();
    const session = {
      connection,
      jetstream: jetstream(connection, { timeout: this.#timeoutMs }),
      manager: await jetstreamManager(connection, { timeout: this.#timeoutMs, checkAPI: false }),
      ended: ended.signal,
    };
    if (this.#isClosing()) return connection.close();
    this.#session = session;
    logger.info({ server: connection.getServer() }, 'nats connected');
    for (const listener of this.#listeners) this.#tell(listener, session);
    this.#firstAttempt.resolve(undefined);
    void this.#logStatus(connection);
    const err = await connection.closed();
    this.#session = undefined;
    ended.abort(busUnavailable(err));
    if (!this.#isClosing()) logger.warn({ err }, 'nats connection lost');
  }

  /** A connection that just closed takes no subscriptions any more; the next session is offered again. */
  #tell(listener: SessionListener, session: NatsSession): void {
    try {
      listener(session);
    } catch (err) {
      this.#options.logger.warn({ err }, 'nats session not taken up; waiting for the next one');
    }
  }

  async #logStatus(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      if (status.type === 'error') this.#options.logger.error({ err: status.error }, 'nats refused an operation');
      if (status.type === 'ldm') this.#options.logger.warn({ server: status.server }, 'nats server is going away');
    }
  }

  async #pause(failures: number): Promise<void> {
    const { clock, random } = this.#options;
    const delayMs = backoffMs(RECONNECT, Math.max(failures, 1), random);
    // An abort only ends the pause early; the loop looks at the signal itself.
    await sleep(clock, delayMs, this.#closing.signal).catch(() => undefined);
  }

  async #drain(connection: NatsConnection): Promise<void> {
    try {
      await withDeadline(this.#options.clock, this.#timeoutMs, connection.drain());
    } catch (err) {
      this.#options.logger.warn({ err }, 'nats connection closed without draining');
      await connection.close();
    }
  }

  #isClosing(): boolean {
    return this.#closing.signal.aborted;
  }

  get #timeoutMs(): number {
    return this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  }
}

function connectionOptions(options: NatsBusOptions): NodeConnectionOptions {
  const { credentials } = options;
  return {
    servers: [...options.servers],
    name: options.name,
    timeout: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    reconnect: false,
    pingInterval: PING_INTERVAL_MS,
    noAsyncTraces: true,
    ...(options.tls === undefined ? {} : { tls: options.tls }),
    ...(credentials === undefined ? {} : authentication(credentials)),
  };
}

function authentication(credentials: NonNullable<NatsBusOptions['credentials']>): NodeConnectionOptions {
  return 'token' in credentials ? { token: credentials.token } : { user: credentials.user, pass: credentials.password };
}
