import { isSpanContextValid, trace } from '@opentelemetry/api';
import { pino, type DestinationStream, type Logger as Pino } from 'pino';
import type { LogFields, Logger } from '@rackwright/kernel';
import { GatheringWriter } from './gathering-writer.js';
import { redact } from './redact.js';
import { serializeError } from './serialize-error.js';

const STDOUT = 1;

/** What the log of a process is made of. */
export interface LogOptions {
  /** Name of the service, on every line. */
  readonly service: string;
  readonly version: string;
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Default: standard output, the lines of a few milliseconds together, warnings and errors at once. */
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
  /** Writes what is held back. */
  readonly #flush: () => void;

  private constructor(instance: Pino, flush: () => void) {
    this.#pino = instance;
    this.#flush = flush;
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
    if (destination !== undefined) return new PinoLogger(pino(settings, destination), () => undefined);
    const writer = new GatheringWriter(pino.destination({ dest: STDOUT, sync: true }));
    const flush = (): void => {
      writer.flush();
    };
    process.on('exit', flush);
    return new PinoLogger(pino(settings, writer), flush);
  }

  debug(fields: LogFields, message: string): void {
    if (this.#pino.isLevelEnabled('debug')) this.#pino.debug(prepare(fields), message);
  }

  info(fields: LogFields, message: string): void {
    if (this.#pino.isLevelEnabled('info')) this.#pino.info(prepare(fields), message);
  }

  warn(fields: LogFields, message: string): void {
    this.#pino.warn(prepare(fields), message);
    this.#flush();
  }

  error(fields: LogFields, message: string): void {
    this.#pino.error(prepare(fields), message);
    this.#flush();
  }

  child(fields: LogFields): Logger {
    return new PinoLogger(this.#pino.child(prepare(fields)), this.#flush);
  }
}

function prepare(fields: LogFields): Record<string, unknown> {
  const { err, ...rest } = fields;
  const prepared = redact(rest);
  if (err !== undefined) prepared['err'] = redact({ err: serializeError(err) })['err'];
  return prepared;
}
