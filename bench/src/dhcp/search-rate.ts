/** What one run at a rate showed. */
export interface RateTrial {
  readonly isSustained: boolean;
}

export interface RateSearch {
  readonly startPerSecond: number;
  readonly maxPerSecond: number;
  /** The search ends when what is known to work and what is known not to are this close: a share of the former. */
  readonly precision: number;
}

/**
 * The highest rate that `attempt` sustains, found by doubling and bisection; 0 when not even the first one is. A rate
 * that fails is tried once more before it counts as too high: the machine may have been busy with something else.
 */
export async function searchRate<T extends RateTrial>(
  { startPerSecond, maxPerSecond, precision }: RateSearch,
  attempt: (perSecond: number) => Promise<T>,
): Promise<{ readonly perSecond: number; readonly best: T | undefined }> {
  let works = { perSecond: 0, best: undefined as T | undefined };
  let fails = maxPerSecond;
  let next = startPerSecond;
  while (fails - works.perSecond > precision * Math.max(works.perSecond, startPerSecond) && next < fails) {
    const first = await attempt(next);
    const trial = first.isSustained ? first : await attempt(next);
    if (trial.isSustained) works = { perSecond: next, best: trial };
    else fails = next;
    next = fails === maxPerSecond ? Math.min(2 * next, maxPerSecond - 1) : Math.round((works.perSecond + fails) / 2);
  }
  return works;
}
