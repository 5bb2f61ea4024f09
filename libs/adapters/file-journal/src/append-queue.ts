/** Something to write and who waits for it. */
interface Pending<T> {
  readonly item: T;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Items at most in one write; those beyond wait for the next. */
const MAX_BATCH_ITEMS = 4_096;

/** Collects items while a write is running, so that everything that arrived meanwhile shares the next one. */
export class AppendQueue<T> {
  readonly #write: (items: readonly T[]) => Promise<void>;
  #pending: Pending<T>[] = [];
  #running: Promise<void> | undefined;

  constructor(write: (items: readonly T[]) => Promise<void>) {
    this.#write = write;
  }

  /** Resolves once the item is written; rejects with the failure of its write. */
  push(item: T): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ item, resolve, reject });
      this.#running ??= this.#drain();
    });
  }

  /** Resolves when nothing is being written. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #drain(): Promise<void> {
    // Appends of one turn of the event loop go into the first write together.
    await Promise.resolve();
    while (this.#pending.length > 0) {
      const batch = this.#pending.slice(0, MAX_BATCH_ITEMS);
      this.#pending = this.#pending.slice(MAX_BATCH_ITEMS);
      try {
        await this.#write(batch.map(({ item }) => item));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#running = undefined;
  }
}
