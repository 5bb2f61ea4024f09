import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Module, type DynamicModule, type NestApplicationOptions, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Store } from '@rackwright/contracts';
import { OperationalError, type Logger } from '@rackwright/kernel';
import { Health, type ReadinessCheck } from '../health/health.js';
import { registerHealthRoutes } from '../health/health-routes.js';
import { registerIdempotency } from '../idempotency/idempotency-hooks.js';
import { NestLog } from '../logging/nest-log.js';
import { PlatformModule, type PlatformPorts } from '../platform.module.js';
import { ProblemFilter, sendProblem } from '../problems/problem.filter.js';
import { registerBodyParser } from './body-parser.js';
import { registerMethodRefusal } from './allowed-methods.js';
import { clientAddress, TrustedProxies } from './client-address.js';
import { refuseConnection } from './client-error.js';
import { ConnectionLimits, type HttpLimits } from './connection-limits.js';
import {
  DEFAULT_BODY_LIMIT_BYTES,
  DEFAULT_HTTP_LIMITS,
  DRAIN_DEADLINE_MS,
  MAX_HEADER_BYTES,
  MAX_PATH_PARAMETER_CHARS,
  REQUEST_TIMEOUT_MS,
  TIMEOUT_CHECK_INTERVAL_MS,
} from './http-limits.js';
import { serveApiDescription, type ApiInfo } from './openapi.js';
import { requestIdOf } from './request-id.js';
import { originForm } from './request-target.js';
import { takeShortcut, type Shortcut } from './shortcut.js';
import { RequestTelemetry, type TraceOf } from './request-telemetry.js';

/** What to serve, where and with what. */
export interface HttpServiceOptions extends PlatformPorts, ApiInfo {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Default 1 MiB. */
  readonly bodyLimitBytes?: number;
  /** What `/ready` asks. */
  readonly checks?: readonly ReadinessCheck[];
  /** Where answers to writes with an `Idempotency-Key` are kept; without it the header is ignored. */
  readonly idempotencyStore?: Store;
  /** Routes and hooks that are not Nest controllers (streams, files). */
  readonly configure?: (fastify: FastifyInstance) => void | Promise<void>;
  readonly drainDeadlineMs?: number;
  /** The trace of requests whose senders know no tracing. */
  readonly traceOf?: TraceOf;
  /** How many connections and requests are taken on. */
  readonly limits?: HttpLimits;
  /** Addresses and networks whose `X-Forwarded-For` is believed; default none. */
  readonly trustedProxies?: readonly string[];
  /** Tried before anything else is done with a request. */
  readonly shortcut?: Shortcut;
}

/** A listening service. Disposing stops accepting, lets requests in flight end, then cuts what is left. */
export interface HttpService extends AsyncDisposable {
  readonly app: NestFastifyApplication;
  /** For WebSocket upgrades. */
  readonly server: Server;
  readonly port: number;
  /** `http://host:port`. */
  readonly url: string;
}

/** Builds a Nest application over Fastify with the limits, errors, telemetry and pages all services share, and listens. */
export async function createHttpService(
  module: Type | DynamicModule,
  options: HttpServiceOptions,
): Promise<HttpService> {
  const { logger, clock, metrics } = options;
  const telemetry = new RequestTelemetry(options);
  const adapter = makeAdapter(options, telemetry);
  const fastify = adapter.getInstance<FastifyInstance>();
  const health = new Health(options.checks ?? [], clock);
  telemetry.register(fastify);
  guardConnections(fastify, { options, telemetry, health });
  registerMethodRefusal(fastify);
  closeConnectionsWhileDraining(fastify, health);
  registerBodyParser(fastify);
  const store = options.idempotencyStore;
  if (store !== undefined) registerIdempotency(fastify, { store, logger });

  const root: DynamicModule = { module: HttpRoot, imports: [PlatformModule.forRoot(options), module] };
  const nestLog = new NestLog(logger.child({ part: 'nest' }));
  const nestOptions: Pick<NestApplicationOptions, 'logger' | 'bodyParser' | 'abortOnError'> = {
    logger: nestLog,
    bodyParser: false,
    abortOnError: false,
  };
  const app = await NestFactory.create<NestFastifyApplication>(root, adapter, nestOptions);
  app.useGlobalFilters(new ProblemFilter(logger));
  registerHealthRoutes(fastify, health, metrics);
  await options.configure?.(fastify);
  serveApiDescription(app, options);
  const server: Server = app.getHttpServer();
  await listen(app, options);
  const { port } = server.address() as AddressInfo;
  const url = `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`;
  logger.info({ host: options.host, port }, 'listening');
  const drainDeadlineMs = options.drainDeadlineMs ?? DRAIN_DEADLINE_MS;
  return {
    app,
    server,
    port,
    url,
    async [Symbol.asyncDispose]() {
      health.startDraining();
      const cancel = clock.schedule(drainDeadlineMs, () => {
        logger.warn({ deadline_ms: drainDeadlineMs }, 'requests did not end in time; their connections are cut');
        server.closeAllConnections();
      });
      await app.close();
      cancel();
    },
  };
}

/** What is done with a connection and a request before Fastify sees them. */
function guardConnections(
  fastify: FastifyInstance,
  { options, telemetry, health }: { options: HttpServiceOptions; telemetry: RequestTelemetry; health: Health },
): void {
  const { server } = fastify;
  const { shortcut, clock } = options;
  const limits = new ConnectionLimits(options.limits ?? DEFAULT_HTTP_LIMITS, options);
  limits.watch(server);
  limits.register(fastify);
  if (shortcut !== undefined) {
    takeShortcut(server, {
      shortcut,
      isClosed: ({ socket }) => health.isDraining || limits.isTooMany(socket),
      onAnswered: (route, startedMs) => {
        telemetry.answered(route, startedMs);
      },
      nowMs: () => clock.monotonicMs(),
    });
  }
  believeProxies(server, options.trustedProxies ?? []);
}

/**
 * Leaves in the headers of a request only what may be believed, before anything reads them. Fastify takes the one address
 * that is left for the client's.
 */
function believeProxies(server: Server, networks: readonly string[]): void {
  const proxies = new TrustedProxies(networks);
  server.prependListener('request', ({ headers, socket }) => {
    const peer = socket.remoteAddress ?? '';
    const forwarded = headers['x-forwarded-for'];
    delete headers['x-forwarded-host'];
    delete headers['x-forwarded-proto'];
    if (forwarded === undefined) return;
    const client = clientAddress(peer, Array.isArray(forwarded) ? forwarded.join(',') : forwarded, proxies);
    headers['x-forwarded-for'] = client;
  });
}

/** A connection whose request outlives the start of a drain would stay open, idle, until its keep-alive ran out. */
function closeConnectionsWhileDraining(fastify: FastifyInstance, health: Health): void {
  fastify.addHook('onRequest', (_request, reply, done) => {
    if (health.isDraining) void reply.header('connection', 'close');
    done();
  });
  fastify.addHook('onSend', async (_request, reply, payload) => {
    if (health.isDraining) void reply.header('connection', 'close');
    return payload;
  });
}

@Module({})
class HttpRoot {}

function makeAdapter(options: HttpServiceOptions, telemetry: RequestTelemetry): FastifyAdapter {
  const logger: Logger = options.logger;
  const { headersTimeoutMs, keepAliveTimeoutMs } = options.limits ?? DEFAULT_HTTP_LIMITS;
  const requestTimeout = Math.max(REQUEST_TIMEOUT_MS, headersTimeoutMs);
  return new FastifyAdapter({
    bodyLimit: options.bodyLimitBytes ?? DEFAULT_BODY_LIMIT_BYTES,
    keepAliveTimeout: keepAliveTimeoutMs,
    requestTimeout,
    return503OnClosing: false,
    // What is in X-Forwarded-For by then was put there by us.
    trustProxy: (_address: string, hop: number) => hop === 0,
    rewriteUrl: ({ url = '/' }: { readonly url?: string | undefined }) => originForm(url),
    routerOptions: { maxParamLength: MAX_PATH_PARAMETER_CHARS },
    http: {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: headersTimeoutMs,
      // Here too: Node makes no server whose headers may take longer than the whole request.
      requestTimeout,
      connectionsCheckingInterval: TIMEOUT_CHECK_INTERVAL_MS,
    },
    genReqId: (request: IncomingMessage) => requestIdOf(request.headers['x-request-id'], options.random),
    clientErrorHandler: refuseConnection,
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      // No hook runs for a URL that cannot be routed.
      telemetry.begin(request, reply);
      sendProblem({ error, request, reply, logger });
    },
  });
}

async function listen(app: NestFastifyApplication, { host, port }: HttpServiceOptions): Promise<void> {
  try {
    await app.listen(port, host);
  } catch (cause) {
    await app.close();
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OperationalError(`cannot listen on ${host} port ${port}: ${reason}`, {
      code: 'listen-failed',
      retryable: false,
      cause,
    });
  }
}
