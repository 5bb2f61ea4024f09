import type { Figure } from './report/figure.js';

/** What a benchmark is given. */
export interface Bench {
  /** Tells the person in front of the terminal how far it is. */
  readonly say: (what: string) => void;
  /** 1 for figures to be kept; less for a quick look. */
  readonly effort: number;
}

/** Something that can be measured. */
export interface Benchmark {
  readonly name: string;
  /** One line for `--help`. */
  readonly summary: string;
  run(bench: Bench): Promise<readonly Figure[]>;
}

/** A count scaled by the effort asked for, and never less than `least`. */
export function scaled(count: number, { effort }: Bench, least = 1): number {
  return Math.max(least, Math.round(count * effort));
}
