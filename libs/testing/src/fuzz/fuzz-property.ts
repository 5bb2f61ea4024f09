import type { RunDetails } from 'fast-check';

/** How long to look for an input that breaks a property. */
export interface FuzzEffort {
  readonly numRuns: number;
  /** Ends earlier when this time is over. */
  readonly maxMs?: number;
  /** To see a finding again. */
  readonly seed?: number;
}

/** Something that holds for every input. */
export interface FuzzProperty {
  readonly name: string;
  /** Looks for an input that breaks it. */
  check(effort: FuzzEffort): RunDetails<unknown>;
}
