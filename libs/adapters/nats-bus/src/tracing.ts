import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
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
  const attributes = attributesOf(message.subject);
  const parent = message.parent ?? context.active();
  return tracer.startActiveSpan(message.name, { kind: message.kind, attributes }, parent, async (span) => {
    try {
      return await work();
    } catch (error) {
      failSpan(span, error);
      throw error;
    } finally {
      span.end();
    }
  });
}

/** Messages on their way: each with a span, all of them ended by {@link OpenSpans.end}. */
export class OpenSpans {
  readonly #spans: Span[] = [];

  /** Begins a span; returns the context its message carries. */
  begin({ name, kind, subject, parent = context.active() }: MessageSpan): Context {
    const tracer = trace.getTracer('@rackwright/adapter-nats-bus');
    const span = tracer.startSpan(name, { kind, attributes: attributesOf(subject) }, parent);
    this.#spans.push(span);
    return trace.setSpan(parent, span);
  }

  /** Ends all of them with the outcome of what was sent together. */
  async end<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      for (const span of this.#spans) failSpan(span, error);
      throw error;
    } finally {
      for (const span of this.#spans) span.end();
    }
  }
}

function attributesOf(subject: string): Attributes {
  return { 'messaging.system': 'nats', 'messaging.destination.name': subject };
}

function failSpan(span: Span, error: unknown): void {
  span.setStatus({ code: SpanStatusCode.ERROR });
  if (error instanceof Error) span.recordException(error);
}

/** Writes a trace context, the active one unless told, into the headers of a message. */
export function injectTrace(headers: MsgHdrs, from: Context = context.active()): MsgHdrs {
  propagation.inject(from, headers, {
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
