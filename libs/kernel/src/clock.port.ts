import type { Brand } from './brand.js';

/** Milliseconds since the Unix epoch on the wall clock. */
export type EpochMs = Brand<number, 'EpochMs'>;

/** An instant as RFC 3339 text in UTC with milliseconds, as every JSON document of the product carries it. */
export type Instant = Brand<string, 'Instant'>;

/** Ends a scheduled call before it runs; calling it twice is harmless. */
export type Cancel = () => void;

/** Time as a dependency, so that decisions can be driven by a test. */
export interface Clock {
  /** Wall-clock time; may jump. For stamps and deadlines that outlive the process. */
  now(): EpochMs;
  /** Milliseconds that never go back. For timeouts and for fencing ownership. */
  monotonicMs(): number;
  /** Runs `task` once after `delayMs`; does not keep the process alive by itself. */
  schedule(delayMs: number, task: () => void): Cancel;
}

/** The instant of a wall-clock time. */
export function formatInstant(at: EpochMs): Instant {
  return new Date(at).toISOString() as Instant;
}

const INSTANT_SHAPE = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;

/** Parses RFC 3339 text into its UTC form; `undefined` when it is not one. */
export function parseInstant(text: string): Instant | undefined {
  const at = INSTANT_SHAPE.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(at) ? undefined : formatInstant(at as EpochMs);
}

/** The wall-clock time of an instant. */
export function instantMs(instant: Instant): EpochMs {
  return Date.parse(instant) as EpochMs;
}

/** Resolves after `delayMs`; rejects with the signal's reason when it is aborted first. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason as Error);
      return;
    }
    const onAbort = (): void => {
      cancel();
      reject(signal?.reason as Error);
    };
    const cancel = clock.schedule(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
