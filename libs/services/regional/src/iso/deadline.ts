import type { Clock } from '@rackwright/kernel';
import { UpstreamError } from './upstream-fault.js';

export interface Deadline<T> {
  readonly clock: Clock;
  readonly waitMs: number;
  /** Gets what comes after the deadline, to close it. */
  readonly late?: (value: T) => void;
}

/** The result of `work`, unless it takes too long: then a passing `UpstreamError`. */
export function within<T>(work: Promise<T>, { clock, waitMs, late }: Deadline<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    const cancel = clock.schedule(waitMs, () => {
      isOver = true;
      reject(new UpstreamError('upstream-stalled', 'the image is still being fetched', { isPassing: true }));
    });
    work.then(
      (value) => {
        cancel();
        if (isOver) late?.(value);
        else resolve(value);
      },
      (error: unknown) => {
        cancel();
        reject(error instanceof Error ? error : new Error('unknown failure', { cause: error }));
      },
    );
  });
}
