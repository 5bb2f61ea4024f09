import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Clock } from '@rackwright/kernel';
import { defineCounter, defineGauge } from '../metrics/metric-definition.js';
import type { CounterMetric, Metrics } from '../metrics/metrics.js';
import { ProblemError } from '../problems/problem-error.js';

/** How much of everything a service takes on. */
export interface HttpLimits {
  /** Open connections. At the limit, idle ones are closed. */
  readonly maxConnections: number;
  /** Open connections of one address. */
  readonly maxConnectionsPerClient: number;
  /** Requests being answered. */
  readonly maxRequests: number;
  /** Time to receive the headers of a request. */
  readonly headersTimeoutMs: number;
  /** Time a connection may be idle between two requests. */
  readonly keepAliveTimeoutMs: number;
}

const refusedTotal = defineCounter({
  name: 'rw_http_refused_total',
  help: 'Connections and requests refused because there were too many.',
  labels: ['reason'],
});
const connectionsGauge = defineGauge({ name: 'rw_http_connections', help: 'Open HTTP connections.' });

/** Seconds until a client that was refused asks again. */
const RETRY_AFTER_SECONDS = 2;
/** A connection too many may ask something this long, to be told why it is refused. */
const REFUSAL_MS = 1_000;
/** Past this multiple of the limit connections are cut without a word. */
const HARD_LIMIT_FACTOR = 2;
const ALWAYS_ANSWERED: ReadonlySet<string> = new Set(['/health', '/ready', '/metrics']);

type Refusal = 'connections' | 'connections-per-client' | 'requests';

/** Keeps connections and requests within their limits: whoever is too many gets 503 with `Retry-After`. */
export class ConnectionLimits {
  readonly #limits: HttpLimits;
  readonly #clock: Clock;
  readonly #refused: CounterMetric<'reason'>;
  readonly #perClient = new Map<string, number>();
  readonly #tooMany = new WeakSet<Socket>();
  #connections = 0;
  #requests = 0;

  constructor(limits: HttpLimits, { clock, metrics }: { readonly clock: Clock; readonly metrics: Metrics }) {
    this.#limits = limits;
    this.#clock = clock;
    this.#refused = metrics.counter(refusedTotal);
    metrics.gauge(connectionsGauge).readFrom(() => this.#connections);
  }

  /** Watches the connections of a server. */
  watch(server: Server): void {
    server.prependListener('connection', (socket) => {
      this.#take(server, socket);
    });
  }

  /** Whether a connection is to be told that there are too many. */
  isTooMany(socket: Socket): boolean {
    return this.#tooMany.has(socket);
  }

  /** Bounds the requests being answered. */
  register(fastify: FastifyInstance): void {
    fastify.addHook('onRequest', (request, reply, done) => {
      if (this.#tooMany.has(request.raw.socket)) {
        void reply.header('connection', 'close');
        done(tooMuch());
        return;
      }
      if (this.#requests >= this.#limits.maxRequests && !ALWAYS_ANSWERED.has(request.url)) {
        this.#refused.increment({ reason: 'requests' });
        done(tooMuch());
        return;
      }
      this.#requests += 1;
      reply.raw.once('close', () => {
        this.#requests -= 1;
      });
      done();
    });
  }

  #take(server: Server, socket: Socket): void {
    const client = socket.remoteAddress ?? '';
    const own = (this.#perClient.get(client) ?? 0) + 1;
    this.#perClient.set(client, own);
    this.#connections += 1;
    socket.once('close', () => {
      this.#connections -= 1;
      const left = (this.#perClient.get(client) ?? 1) - 1;
      if (left === 0) this.#perClient.delete(client);
      else this.#perClient.set(client, left);
    });
    const { maxConnections, maxConnectionsPerClient } = this.#limits;
    if (own > maxConnectionsPerClient) {
      this.#refuse(socket, 'connections-per-client', own > maxConnectionsPerClient * HARD_LIMIT_FACTOR);
    } else if (this.#connections > maxConnections) {
      server.closeIdleConnections();
      this.#refuse(socket, 'connections', this.#connections > maxConnections * HARD_LIMIT_FACTOR);
    }
  }

  #refuse(socket: Socket, reason: Refusal, isCut: boolean): void {
    this.#refused.increment({ reason });
    if (isCut) {
      socket.destroy();
      return;
    }
    this.#tooMany.add(socket);
    const cancel = this.#clock.schedule(REFUSAL_MS, () => socket.destroy());
    socket.once('close', cancel);
  }
}

function tooMuch(): ProblemError {
  return new ProblemError('unavailable', 'The service has too much to do', {
    headers: { 'retry-after': String(RETRY_AFTER_SECONDS) },
  });
}
