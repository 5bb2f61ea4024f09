import type { FuzzOutcome, FuzzProperty } from '@rackwright/testing';

/** How long, from where, and what is told while it goes on. */
export interface Rounds {
  readonly durationMs: number;
  /** Of the first turn; every further one has the next. */
  readonly seed: number;
  /** The length of a turn. */
  readonly sliceMs?: number;
  /** Milliseconds that never go back. */
  readonly nowMs: () => number;
  readonly onTurn: (property: FuzzProperty, seed: number) => void;
  readonly onFinding: (property: FuzzProperty, found: Pick<FuzzOutcome, 'seed' | 'report'>) => void;
}

export interface RoundsOutcome {
  /** Inputs tried, by property. */
  readonly runs: ReadonlyMap<string, number>;
  readonly findings: number;
}

/** Each property gets so long in turn, with a seed of its own. */
export const SLICE_MS = 5_000;
const MAX_RUNS_PER_SLICE = 10_000_000;

/** Goes round the properties with fresh seeds until the time is over; one that is broken is not looked at again. */
export function runRounds(
  properties: readonly FuzzProperty[],
  { durationMs, seed: first, sliceMs = SLICE_MS, nowMs, onTurn, onFinding }: Rounds,
): RoundsOutcome {
  const runs = new Map(properties.map(({ name }) => [name, 0]));
  const broken = new Set<string>();
  const endMs = nowMs() + durationMs;
  let seed = first;
  for (let left = properties.filter(Boolean); left.length > 0 && nowMs() < endMs;) {
    for (const property of left) {
      const leftMs = endMs - nowMs();
      if (leftMs <= 0) break;
      onTurn(property, seed);
      const outcome = property.check({ numRuns: MAX_RUNS_PER_SLICE, maxMs: Math.min(sliceMs, leftMs), seed });
      runs.set(property.name, (runs.get(property.name) ?? 0) + outcome.numRuns);
      // Seeds are 32 bit integers.
      seed = (seed + 1) | 0;
      if (!outcome.hasFailed) continue;
      broken.add(property.name);
      onFinding(property, outcome);
    }
    left = left.filter(({ name }) => !broken.has(name));
  }
  return { runs, findings: broken.size };
}
