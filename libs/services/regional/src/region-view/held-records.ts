import type { Revision } from '@rackwright/contracts';

/** A value of the view and the revision it was written at. */
export interface Held<V> {
  readonly value: V;
  readonly modRevision: Revision;
}

/** The records of one kind, by the last identifier of their key. */
export class HeldRecords<V> {
  readonly #byId = new Map<string, Held<V>>();

  get(id: string): Held<V> | undefined {
    return this.#byId.get(id);
  }

  put(id: string, held: Held<V>): void {
    this.#byId.set(id, held);
  }

  delete(id: string): boolean {
    return this.#byId.delete(id);
  }

  entries(): IterableIterator<[string, Held<V>]> {
    return this.#byId.entries();
  }

  values(): readonly V[] {
    return Array.from(this.#byId.values(), ({ value }) => value);
  }

  get size(): number {
    return this.#byId.size;
  }
}
