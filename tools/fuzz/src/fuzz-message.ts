/** What the thread that fuzzes is told. */
export interface FuzzOrder {
  readonly durationMs: number;
  /** Properties whose names have this in them. */
  readonly only: string;
  readonly seed: number;
  /** The seed is one that found something: it is looked at for all of the time. */
  readonly isRepeat: boolean;
}

/** What it tells: a property whose turn begins, something found, the end. */
export type FuzzMessage =
  | { readonly kind: 'turn'; readonly name: string; readonly seed: number }
  | { readonly kind: 'found'; readonly name: string; readonly seed: number; readonly report: string }
  | { readonly kind: 'done'; readonly runs: ReadonlyMap<string, number> };
