import type { FieldProblem, Revision } from '@rackwright/contracts';

/** A stored record that breaks its schema; the view keeps the last good value, if there was one. */
export interface InvalidRecord {
  readonly key: string;
  readonly revision: string;
  readonly errors: readonly FieldProblem[];
}

/** More than this are counted and not listed. */
const MAX_LISTED = 1_000;
/** A record this wrong is not described further. */
const MAX_PROBLEMS = 16;

/** The invalid records of the region's prefixes. */
export class InvalidRecords {
  readonly #byKey = new Map<string, InvalidRecord>();
  #seen = 0;

  /** Invalid records met since the start. */
  get seen(): number {
    return this.#seen;
  }

  get size(): number {
    return this.#byKey.size;
  }

  add(key: string, revision: Revision, errors: readonly FieldProblem[]): void {
    this.#seen += 1;
    if (this.#byKey.size >= MAX_LISTED && !this.#byKey.has(key)) return;
    this.#byKey.set(key, { key, revision: String(revision), errors: errors.slice(0, MAX_PROBLEMS) });
  }

  /** The record is valid now, or gone. */
  clear(key: string): void {
    this.#byKey.delete(key);
  }

  list(): readonly InvalidRecord[] {
    return [...this.#byKey.values()].sort((left, right) => (left.key < right.key ? -1 : 1));
  }
}
