import type { Cancel, Clock, EpochMs } from '@rackwright/kernel';

/** The clock of the machine, for tests against real servers. */
export class RealClock implements Clock {
  now(): EpochMs {
    return Date.now() as EpochMs;
  }

  monotonicMs(): number {
    return performance.now();
  }

  schedule(delayMs: number, task: () => void): Cancel {
    const timer = setTimeout(task, delayMs).unref();
    return () => {
      clearTimeout(timer);
    };
  }
}
