import { SpanKind, SpanStatusCode, trace, type Attributes } from '@opentelemetry/api';

const tracer = trace.getTracer('@rackwright/adapter-etcd-store');

/** Runs `operation` in a client span; costs next to nothing while no tracing SDK is registered. */
export function traced<T>(name: string, attributes: Attributes, operation: () => Promise<T>): Promise<T> {
  const options = { kind: SpanKind.CLIENT, attributes: { 'db.system.name': 'etcd', ...attributes } };
  return tracer.startActiveSpan(name, options, async (span) => {
    try {
      return await operation();
    } catch (error) {
      span.recordException(error instanceof Error ? error : String(error));
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });
}
