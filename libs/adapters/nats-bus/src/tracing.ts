import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
  type Context,
  type SpanKind,
} from '@opentelemetry/api';
import type { MsgHdrs } from '@nats-io/transport-node';

/** A span around one message. */
export interface MessageSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly subject: string;
  /** The active context unless told. */
  readonly parent?: Context;
}

/** Runs `work` inside a span and ends the span with its outcome. */
export function inSpan<T>(message: MessageSpan, work: () => Promise<T>): Promise<T> {
  const tracer = trace.getTracer('@rackwright/adapter-nats-bus');
  const attributes = { 'messaging.system': 'nats', 'messaging.destination.name': message.subject };
  const parent = message.parent ?? context.active();
  return tracer.startActiveSpan(message.name, { kind: message.kind, attributes }, parent, async (span) => {
    try {
      return await work();
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      if (error instanceof Error) span.recordException(error);
      throw error;
    } finally {
      span.end();
    }
  });
}

/** Writes the active trace context into the headers of a message. */
export function injectTrace(headers: MsgHdrs): MsgHdrs {
  propagation.inject(context.active(), headers, {
    set: (carrier, name, value) => {
      carrier.set(name, value);
    },
  });
  return headers;
}

/** The trace context a message carries. */
export function traceOf(headers: MsgHdrs | undefined): Context {
  return propagation.extract(ROOT_CONTEXT, headers, {
    get: (carrier, name) => carrier?.get(name),
    keys: (carrier) => carrier?.keys() ?? [],
  });
}

/** The trace context of a `traceparent` value kept beside a message, or the active one. */
export function traceFrom(traceparent: string | undefined): Context {
  return traceparent === undefined ? context.active() : propagation.extract(context.active(), { traceparent });
}
