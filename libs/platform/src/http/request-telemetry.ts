import { context, propagation, SpanKind, SpanStatusCode, trace, type Span } from '@opentelemetry/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock, Logger } from '@rackwright/kernel';
import { defineHistogram, LATENCY_BUCKETS_SECONDS } from '../metrics/metric-definition.js';
import type { HistogramMetric, Metrics } from '../metrics/metrics.js';
import { contextOf, keepContext, pathOf, shownPathOf } from './request-place.js';

/** Asked every few seconds by machines: not logged and not traced. */
const QUIET_PATHS: ReadonlySet<string> = new Set(['/health', '/ready', '/metrics']);
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

const requestSeconds = defineHistogram({
  name: 'rw_http_request_duration_seconds',
  help: 'Time from the request line to the end of the answer, by route template.',
  labels: ['method', 'route', 'status'],
  buckets: LATENCY_BUCKETS_SECONDS,
});

interface TelemetryPorts {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly traceOf?: TraceOf;
}

/** The `traceparent` a request belongs to although its sender did not say so (boot firmware knows no tracing). */
export type TraceOf = (request: FastifyRequest) => string | undefined;

interface RequestRecord {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly startedMs: number;
  readonly span: Span | undefined;
}

/** Gives every request an id, a span that continues the caller's trace, a log line and a place in the histogram. */
export class RequestTelemetry {
  readonly #ports: TelemetryPorts;
  readonly #histogram: HistogramMetric<'method' | 'route' | 'status'>;

  constructor(ports: TelemetryPorts) {
    this.#ports = ports;
    this.#histogram = ports.metrics.histogram(requestSeconds);
  }

  register(fastify: FastifyInstance): void {
    fastify.addHook('onRequest', (request, reply, done) => {
      this.begin(request, reply);
      const own = contextOf(request);
      if (own === undefined) done();
      else context.with(own, done);
    });
    // Reading the body resumes in the context of the socket, not of the request.
    fastify.addHook('preValidation', (request, _reply, done) => {
      const own = contextOf(request);
      if (own === undefined) done();
      else context.with(own, done);
    });
  }

  /** A GET was answered in one go. */
  answered(route: string, startedMs: number): void {
    const seconds = (this.#ports.clock.monotonicMs() - startedMs) / 1_000;
    this.#histogram.observe(seconds, { method: 'GET', route, status: '200' });
  }

  /** A request begins; it ends when its answer is sent or its client is gone. */
  begin(request: FastifyRequest, reply: FastifyReply): void {
    const { clock, traceOf } = this.#ports;
    void reply.header('x-request-id', request.id);
    const span = QUIET_PATHS.has(pathOf(request.raw.url)) ? undefined : startSpan(request, traceOf);
    const record: RequestRecord = { request, reply, startedMs: clock.monotonicMs(), span };
    // 'close' comes after the answer and after an abort alike.
    reply.raw.once('close', () => {
      finish(record, this.#ports, this.#histogram);
    });
  }
}

function routeOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? 'unmatched';
}

function startSpan(request: FastifyRequest, traceOf: TraceOf | undefined): Span {
  const traceparent = request.headers['traceparent'] ?? traceOf?.(request);
  const parent = propagation.extract(context.active(), { ...request.headers, traceparent });
  const method = METHODS.has(request.method) ? request.method : '_OTHER';
  const span = trace.getTracer('rackwright').startSpan(
    `${method} ${routeOf(request)}`,
    {
      kind: SpanKind.SERVER,
      attributes: {
        'http.request.method': method,
        'http.route': routeOf(request),
        'url.path': shownPathOf(request),
        'client.address': request.ip,
        'rw.request_id': request.id,
      },
    },
    parent,
  );
  keepContext(request, trace.setSpan(parent, span));
  return span;
}

function finish(
  record: RequestRecord,
  ports: TelemetryPorts,
  histogram: HistogramMetric<'method' | 'route' | 'status'>,
): void {
  const { request, reply, span } = record;
  const tookMs = ports.clock.monotonicMs() - record.startedMs;
  const aborted = !reply.raw.writableFinished;
  // 499: the client went away before its answer (a code of nginx, not of an RFC).
  const status = aborted ? 499 : reply.raw.statusCode;
  const route = routeOf(request);
  const method = METHODS.has(request.method) ? request.method : '_OTHER';
  histogram.observe(tookMs / 1_000, { method, route, status: String(status) });
  if (span === undefined) return;
  span.setAttribute('http.response.status_code', status);
  if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
  const { traceId, spanId } = span.spanContext();
  ports.logger.info(
    {
      method: request.method,
      route,
      path: shownPathOf(request),
      status,
      duration_ms: Math.round(tookMs * 10) / 10,
      client: request.ip,
      request_id: request.id,
      trace_id: traceId,
      span_id: spanId,
    },
    'request',
  );
}
