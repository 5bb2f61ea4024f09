interface Group<T> {
  readonly items: T[];
  readonly done: Promise<undefined>;
  readonly resolve: (value: undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** Bounds one write, and with it how long those behind it wait. */
const MAX_GROUP_ITEMS = 2_048;

/**
 * Puts what arrives while a write is running into the next one, whose promise all of it shares: under load a write
 * costs each item little, and without load an item does not wait.
 */
export class GroupCommit<T> {
  readonly #write: (items: readonly T[]) => Promise<void>;
  #groups: Group<T>[] = [];
  #running: Promise<void> | undefined;

  constructor(write: (items: readonly T[]) => Promise<void>) {
    this.#write = write;
  }

  /** Resolves once the items are written, together; rejects with the failure of their write. */
  add(items: readonly T[]): Promise<void> {
    const last = this.#groups.at(-1);
    const group = last !== undefined && last.items.length + items.length <= MAX_GROUP_ITEMS ? last : this.#open();
    for (const item of items) group.items.push(item);
    this.#running ??= this.#drain();
    return group.done;
  }

  /** Resolves when nothing is being written. */
  async idle(): Promise<void> {
    await this.#running;
  }

  #open(): Group<T> {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const group: Group<T> = { items: [], done: promise, resolve, reject };
    this.#groups.push(group);
    return group;
  }

  async #drain(): Promise<void> {
    // What this turn of the event loop still brings goes into the first write.
    await Promise.resolve();
    for (let group = this.#groups.shift(); group !== undefined; group = this.#groups.shift()) {
      try {
        await this.#write(group.items);
        group.resolve(undefined);
      } catch (error) {
        group.reject(error);
      }
    }
    this.#running = undefined;
  }
}
