import type { LoggerService } from '@nestjs/common';
import type { Logger } from '@rackwright/kernel';

/** Nest's own messages through our logger; its start-up chatter goes to debug. */
export class NestLog implements LoggerService {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  log(message: unknown, ...rest: readonly unknown[]): void {
    this.#logger.debug(fieldsOf(message, rest), textOf(message));
  }

  warn(message: unknown, ...rest: readonly unknown[]): void {
    this.#logger.warn(fieldsOf(message, rest), textOf(message));
  }

  error(message: unknown, ...rest: readonly unknown[]): void {
    this.#logger.error(fieldsOf(message, rest), textOf(message));
  }

  fatal(message: unknown, ...rest: readonly unknown[]): void {
    this.error(message, ...rest);
  }

  debug(message: unknown, ...rest: readonly unknown[]): void {
    this.log(message, ...rest);
  }

  verbose(message: unknown, ...rest: readonly unknown[]): void {
    this.log(message, ...rest);
  }
}

/** Nest passes a stack (for errors) and the name of the speaker after the message. */
function fieldsOf(message: unknown, rest: readonly unknown[]): Record<string, unknown> {
  const speaker = rest.at(-1);
  const stack = rest.length > 1 ? rest[0] : undefined;
  return {
    ...(typeof speaker === 'string' ? { nest: speaker } : {}),
    ...(typeof stack === 'string' ? { stack } : {}),
    ...(message instanceof Error ? { err: message } : {}),
  };
}

function textOf(message: unknown): string {
  if (typeof message === 'string') return message;
  return message instanceof Error ? message.message : JSON.stringify(message);
}
