import type { Change, Listing, Revision, StoreEntry } from './store.port.js';

/** Matches no revision of any store. */
const NO_REVISION = -1n;

/**
 * The keys a watch has delivered, by which a store adapter turns a later listing into the changes since.
 * Holds no values.
 */
export class DeliveredKeys {
  readonly #revisions = new Map<string, Revision>();

  /** Takes note of changes given to the observer. */
  record(changes: readonly Change[]): void {
    for (const change of changes) {
      if (change.kind === 'put') this.#revisions.set(change.entry.key, change.entry.modRevision);
      else this.#revisions.delete(change.key);
    }
  }

  /**
   * The changes from what was delivered to `listing`, in revision order. A vanished key carries the revision of the
   * listing, its own being unknown.
   */
  difference(listing: Pick<Listing, 'entries' | 'revision'>): readonly Change[] {
    const present = new Set(listing.entries.map((entry) => entry.key));
    const vanished = [...this.#revisions.keys()].filter((key) => !present.has(key));
    return [
      ...this.news(listing.entries),
      ...vanished.map((key) => ({ kind: 'delete', key, modRevision: listing.revision }) as const),
    ];
  }

  /** Whether this state of the entry has been delivered. */
  holds({ key, modRevision }: StoreEntry): boolean {
    return this.#revisions.get(key) === modRevision;
  }

  /** The entries that have not been delivered as they are, in revision order. */
  news(entries: readonly StoreEntry[]): readonly Change[] {
    return entries
      .filter((entry) => !this.holds(entry))
      .sort((left, right) => Number(left.modRevision - right.modRevision))
      .map((entry) => ({ kind: 'put', entry }));
  }

  /** Makes the next difference deliver every present entry anew: the store went back to an earlier history. */
  distrust(): void {
    for (const key of this.#revisions.keys()) this.#revisions.set(key, NO_REVISION);
  }
}
