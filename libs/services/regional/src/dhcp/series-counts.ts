/** Tells a counter where to read one of its series. */
export type SeriesReader = (read: () => number, name: string) => void;

/** Counts by name in plain numbers, which a counter reads when it is scraped: an increment costs next to nothing. */
export class SeriesCounts {
  readonly #onFirst: SeriesReader;
  readonly #counts = new Map<string, { value: number }>();

  /** `onFirst` is called when a name comes up for the first time. */
  constructor(onFirst: SeriesReader) {
    this.#onFirst = onFirst;
  }

  increment(name: string): void {
    const count = this.#counts.get(name) ?? this.#begin(name);
    count.value += 1;
  }

  #begin(name: string): { value: number } {
    const count = { value: 0 };
    this.#counts.set(name, count);
    this.#onFirst(() => count.value, name);
    return count;
  }
}
