/** What {@link waitFor} waits for, in words, and how long at most. */
export interface Expectation {
  readonly what: string;
  /** Default 30 000: what is seen at once on an idle machine may take long on a busy one. */
  readonly deadlineMs?: number;
  /** Pause between two looks; default 10. */
  readonly pollMs?: number;
}

/**
 * Resolves with the first value of `look` that is neither `undefined` nor `false`; rejects past the deadline, with
 * the last error of `look` as the cause if it threw.
 */
export async function waitFor<T>(
  look: () => T | undefined | false | Promise<T | undefined | false>,
  expectation: Expectation,
): Promise<T> {
  const deadlineMs = expectation.deadlineMs ?? 30_000;
  const endsAt = performance.now() + deadlineMs;
  for (;;) {
    let cause: unknown;
    try {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen;
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= endsAt) {
      throw new Error(`not seen within ${deadlineMs} ms: ${expectation.what}`, { cause });
    }
    await new Promise((resolve) => setTimeout(resolve, expectation.pollMs ?? 10));
  }
}
