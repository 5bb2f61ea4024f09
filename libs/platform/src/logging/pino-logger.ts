import { isSpanContextValid, trace } from '@opentelemetry/api';
import { pino, type DestinationStream, type Logger as Pino } from 'pino';
import type { LogFields, Logger } from '@rackwright/kernel';
import { redact } from './redact.js';
import { serializeError } from './serialize-error.js';

/** What the log of a process is made of. */
export interface LogOptions {
  /** Name of the service, on every line. */
  readonly service: string;
  readonly version: string;
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Default: standard output, written synchronously so that the last lines of a crash are not lost. */
  readonly destination?: DestinationStream;
}

/** The ids of the active span, so that a log line leads to its trace. */
function activeSpanIds(): Record<string, string> {
  const context = trace.getActiveSpan()?.spanContext();
  if (context === undefined || !isSpanContextValid(context)) return {};
  return { trace_id: context.traceId, span_id: context.spanId };
}

/** JSON lines through pino: errors with their causes, trace ids of the active span, secrets redacted. */
export class PinoLogger implements Logger {
  readonly #pino: Pino;

  private constructor(instance: Pino) {
    this.#pino = instance;
  }

  /** The root logger of a process. */
  static create(options: LogOptions): PinoLogger {
    const { service, version, level, destination } = options;
    const settings = {
      level,
      base: { service, version },
      messageKey: 'message',
      errorKey: 'err',
      serializers: { err: (serialized: unknown) => serialized },
      timestamp: pino.stdTimeFunctions.isoTime,
      mixin: activeSpanIds,
      formatters: { level: (label: string) => ({ level: label }) },
    };
    return new PinoLogger(destination === undefined ? pino(settings) : pino(settings, destination));
  }

  debug(fields: LogFields, message: string): void {
    if (this.#pino.isLevelEnabled('debug')) this.#pino.debug(prepare(fields), message);
  }

  info(fields: LogFields, message: string): void {
    if (this.#pino.isLevelEnabled('info')) this.#pino.info(prepare(fields), message);
  }

  warn(fields: LogFields, message: string): void {
    this.#pino.warn(prepare(fields), message);
  }

  error(fields: LogFields, message: string): void {
    this.#pino.error(prepare(fields), message);
  }

  child(fields: LogFields): Logger {
    return new PinoLogger(this.#pino.child(prepare(fields)));
  }
}

function prepare(fields: LogFields): Record<string, unknown> {
  const { err, ...rest } = fields;
  const prepared = redact(rest);
  if (err !== undefined) prepared['err'] = redact({ err: serializeError(err) })['err'];
  return prepared;
}
