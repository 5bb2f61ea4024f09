import type { Task } from '@rackwright/domain-provisioning';
import { formatInstant, instantMs, type Clock, type EpochMs, type Instant, type Sn } from '@rackwright/kernel';

/** Machines remembered; the task itself carries the last stamp of the others. */
const MAX_REMEMBERED = 4_096;

/**
 * Times of reports, ascending per machine: a report that is not newer than the last one counts as its repetition, so
 * two within a millisecond, or after the clock was set back, must not look alike.
 */
export class ReportStamps {
  readonly #clock: Clock;
  readonly #lastBySn = new Map<Sn, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  next({ sn, progress }: Task): Instant {
    const last = progress.at(-1)?.timestamp;
    const lastMs = Math.max(last === undefined ? 0 : instantMs(last), this.#lastBySn.get(sn) ?? 0);
    const stamp = Math.max(this.#clock.now(), lastMs + 1) as EpochMs;
    this.#lastBySn.delete(sn);
    this.#lastBySn.set(sn, stamp);
    const [oldest] = this.#lastBySn.keys();
    if (this.#lastBySn.size > MAX_REMEMBERED && oldest !== undefined) this.#lastBySn.delete(oldest);
    return formatInstant(stamp);
  }
}
