import { context, propagation, ROOT_CONTEXT } from '@opentelemetry/api';

/** Trace context as a stored message carries it. */
export type TraceCarrier = Readonly<Record<string, string>>;

/** The trace of the change a message tells of, when it names one, else the active one. */
export function carryTrace(traceparent: string | undefined): TraceCarrier {
  if (traceparent !== undefined) return { traceparent };
  const carrier: Record<string, string> = {};
  propagation.inject(context.active(), carrier);
  return carrier;
}

/** Runs `work` in the trace a message carries. */
export function withTrace<T>(carrier: TraceCarrier, work: () => T): T {
  return context.with(propagation.extract(ROOT_CONTEXT, carrier), work);
}
