import type { FuzzProperty } from '@rackwright/testing';

/** What is told while it goes on. */
export interface RoundNotes {
  /** Milliseconds that never go back. */
  readonly nowMs: () => number;
  readonly onFinding: (property: FuzzProperty, report: string) => void;
}

export interface RoundsOutcome {
  /** Inputs tried, by property. */
  readonly runs: ReadonlyMap<string, number>;
  readonly findings: number;
}

/** Each property gets so long in turn, with a seed of its own. */
const SLICE_MS = 5_000;
const MAX_RUNS_PER_SLICE = 10_000_000;

/** Goes round the properties with fresh seeds until the time is over; one that is broken is not looked at again. */
export function runRounds(
  properties: readonly FuzzProperty[],
  durationMs: number,
  { nowMs, onFinding }: RoundNotes,
): RoundsOutcome {
  const runs = new Map(properties.map(({ name }) => [name, 0]));
  const broken = new Set<string>();
  const endMs = nowMs() + durationMs;
  for (let left = properties.filter(Boolean); left.length > 0 && nowMs() < endMs;) {
    for (const property of left) {
      const leftMs = endMs - nowMs();
      if (leftMs <= 0) break;
      const outcome = property.check({ numRuns: MAX_RUNS_PER_SLICE, maxMs: Math.min(SLICE_MS, leftMs) });
      runs.set(property.name, (runs.get(property.name) ?? 0) + outcome.numRuns);
      if (!outcome.hasFailed) continue;
      broken.add(property.name);
      onFinding(property, outcome.report);
    }
    left = left.filter(({ name }) => !broken.has(name));
  }
  return { runs, findings: broken.size };
}
