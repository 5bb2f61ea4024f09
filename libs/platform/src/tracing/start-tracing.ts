import { context, diag, DiagLogLevel, propagation, trace, type DiagLogger } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace-node';
import type { Logger } from '@rackwright/kernel';
import { UnrecordedTracerProvider } from './unrecorded-tracer.js';

/** What the traces of a process say about it, and where they go. */
export interface TracingOptions {
  readonly service: string;
  readonly version: string;
  /** Base URL of an OTLP/HTTP collector; without it spans are not recorded (ids exist, context travels). */
  readonly endpoint?: string | undefined;
  readonly logger: Logger;
}

/** Time the last spans get to leave when the process ends. */
const FLUSH_DEADLINE_MS = 3_000;

/** Registers the tracer of this process; disposing flushes and unregisters it. Call once, before anything is served. */
export async function startTracing(options: TracingOptions): Promise<AsyncDisposable> {
  const logger = options.logger.child({ part: 'tracing' });
  diag.setLogger(diagLogger(logger), { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  const provider = await providerFor(options);
  provider.register();
  return {
    async [Symbol.asyncDispose]() {
      try {
        await provider.forceFlush();
        await provider.shutdown();
      } catch (error) {
        logger.warn({ err: error }, 'the last spans could not be exported');
      }
      trace.disable();
      context.disable();
      propagation.disable();
      diag.disable();
    },
  };
}

async function providerFor({ service, version, endpoint }: TracingOptions): Promise<NodeTracerProvider> {
  if (endpoint === undefined) return new UnrecordedTracerProvider();
  return new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': service, 'service.version': version }),
    spanProcessors: [await exportTo(endpoint)],
    forceFlushTimeoutMillis: FLUSH_DEADLINE_MS,
  });
}

/** The exporter is 34 MB of code: loaded only where it is used. */
async function exportTo(endpoint: string): Promise<SpanProcessor> {
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http');
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
    timeoutMillis: FLUSH_DEADLINE_MS,
  });
  return new BatchSpanProcessor(exporter);
}

function diagLogger(logger: Logger): DiagLogger {
  const quiet = (): void => undefined;
  const detail = (args: readonly unknown[]): string => args.map(String).join(' ');
  return {
    error: (message, ...args) => {
      logger.warn({ detail: detail([message, ...args]) }, 'tracing error');
    },
    warn: (message, ...args) => {
      logger.warn({ detail: detail([message, ...args]) }, 'tracing warning');
    },
    info: quiet,
    debug: quiet,
    verbose: quiet,
  };
}
