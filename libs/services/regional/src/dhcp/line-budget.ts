import type { Clock } from '@rackwright/kernel';

/** A boot of a whole row of racks is told line by line; a storm of thousands is told in numbers. */
const LINES_PER_SECOND = 50;
const WINDOW_MS = 1_000;

/** Bounds the lines that one kind of message adds to the log: writing a line costs as much as answering a machine. */
export class LineBudget {
  readonly #clock: Clock;
  readonly #onLeftOut: (count: number) => void;
  #windowStartMs = -Infinity;
  #used = 0;
  #leftOut = 0;

  /** `onLeftOut` is told, once per second at most, how many lines there was no room for. */
  constructor(clock: Clock, onLeftOut: (count: number) => void) {
    this.#clock = clock;
    this.#onLeftOut = onLeftOut;
  }

  /** Whether one more line may be written now. */
  admits(): boolean {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#windowStartMs >= WINDOW_MS) {
      this.#windowStartMs = nowMs;
      this.#used = 0;
    }
    this.#used += 1;
    if (this.#used <= LINES_PER_SECOND) return true;
    // The end of a storm brings no further message that could tell of those left out.
    if (this.#leftOut === 0) this.#clock.schedule(WINDOW_MS, this.#tell);
    this.#leftOut += 1;
    return false;
  }

  readonly #tell = (): void => {
    const count = this.#leftOut;
    this.#leftOut = 0;
    this.#onLeftOut(count);
  };
}
