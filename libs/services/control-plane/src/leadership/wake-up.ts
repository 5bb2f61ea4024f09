/** Wakes one sleeper: a notification that comes while nobody waits is kept for the next wait. */
export class WakeUp {
  readonly #signal: AbortSignal;
  #isNotified = false;
  #wake: (() => void) | undefined;

  /** Everybody is woken for good once `signal` is aborted. */
  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener(
      'abort',
      () => {
        this.notify();
      },
      { once: true },
    );
  }

  notify(): void {
    this.#isNotified = true;
    this.#wake?.();
  }

  /** Resolves at once after a notification nobody waited for, else at the next one. */
  async next(): Promise<void> {
    if (!this.#isNotified && !this.#signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#wake = undefined;
    this.#isNotified = false;
  }
}
