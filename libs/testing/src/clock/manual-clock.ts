import type { Cancel, Clock, EpochMs } from '@rackwright/kernel';

interface Scheduled {
  readonly dueAtMs: number;
  readonly task: () => void;
}

/** 2026-01-01T00:00:00Z: any fixed instant would do. */
const DEFAULT_START = 1_767_225_600_000;

/** A clock that stands still until a test advances it. */
export class ManualClock implements Clock {
  readonly #startedAtMs: number;
  readonly #scheduled = new Set<Scheduled>();
  #elapsedMs = 0;

  /** `startedAt` is the wall-clock time to begin with, in milliseconds since the epoch. */
  constructor(startedAt: number = DEFAULT_START) {
    this.#startedAtMs = startedAt;
  }

  now(): EpochMs {
    return (this.#startedAtMs + this.#elapsedMs) as EpochMs;
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  schedule(delayMs: number, task: () => void): Cancel {
    const scheduled = { dueAtMs: this.#elapsedMs + Math.max(0, delayMs), task };
    this.#scheduled.add(scheduled);
    return () => {
      this.#scheduled.delete(scheduled);
    };
  }

  /** Runs what falls due within the next `ms`, in order of time, also what those tasks schedule. */
  advance(ms: number): void {
    const endsAtMs = this.#elapsedMs + ms;
    for (let next = this.#nextDue(endsAtMs); next !== undefined; next = this.#nextDue(endsAtMs)) this.#run(next);
    this.#elapsedMs = endsAtMs;
  }

  /** Like {@link advance}, and lets promises settle after each task, so that what they schedule is run as well. */
  async advanceSettling(ms: number): Promise<void> {
    const endsAtMs = this.#elapsedMs + ms;
    await settle();
    for (let next = this.#nextDue(endsAtMs); next !== undefined; next = this.#nextDue(endsAtMs)) {
      this.#run(next);
      await settle();
    }
    this.#elapsedMs = endsAtMs;
  }

  #run(scheduled: Scheduled): void {
    this.#scheduled.delete(scheduled);
    this.#elapsedMs = Math.max(this.#elapsedMs, scheduled.dueAtMs);
    scheduled.task();
  }

  #nextDue(endsAtMs: number): Scheduled | undefined {
    let next: Scheduled | undefined;
    for (const scheduled of this.#scheduled) {
      const isEarlier = next === undefined || scheduled.dueAtMs < next.dueAtMs;
      if (scheduled.dueAtMs <= endsAtMs && isEarlier) next = scheduled;
    }
    return next;
  }
}

/** Lets every promise job that is ready run, and those they make ready. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
