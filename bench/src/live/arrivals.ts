const ARRIVES_WITHIN_MS = 10_000;

/** When things that were expected came, by name. */
export class Arrivals {
  readonly #expected = new Map<string, (at: number) => void>();

  /** Resolves with the time at which `name` is noted; to be called before it can be. */
  expect(name: string): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const timer = setTimeout(() => {
      this.#expected.delete(name);
      reject(new Error(`${name} did not arrive within ${String(ARRIVES_WITHIN_MS)} ms`));
    }, ARRIVES_WITHIN_MS);
    this.#expected.set(name, (at) => {
      clearTimeout(timer);
      resolve(at);
    });
    return promise;
  }

  /** It is here; the first time counts. */
  note(name: string): void {
    const at = performance.now();
    const arrived = this.#expected.get(name);
    if (arrived === undefined) return;
    this.#expected.delete(name);
    arrived(at);
  }
}
