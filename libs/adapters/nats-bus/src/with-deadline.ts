import type { Clock } from '@rackwright/kernel';
import { timedOut } from './nats-faults.js';

/** Rejects with `request-timeout` when `work` has not settled after `timeoutMs`. */
export async function withDeadline<T>(clock: Clock, timeoutMs: number, work: Promise<T>): Promise<T> {
  const expiry = Promise.withResolvers<never>();
  const cancel = clock.schedule(timeoutMs, () => {
    expiry.reject(timedOut('NATS'));
  });
  try {
    return await Promise.race([work, expiry.promise]);
  } finally {
    cancel();
  }
}

/** Rejects with the signal's reason as soon as it is aborted; `work` itself goes on unheard. */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  const abort = Promise.withResolvers<never>();
  const onAbort = (): void => {
    abort.reject(signal.reason as Error);
  };
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, abort.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
