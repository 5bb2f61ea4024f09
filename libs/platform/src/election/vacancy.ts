import type { Change, Revision, Watch, WatchObserver } from '@rackwright/contracts';

/** What a watch tells of the one key that candidates compete for. */
export class Vacancy implements WatchObserver {
  readonly #key: string;
  readonly #onChange: () => void;
  #holder: { readonly identity: string; readonly createRevision: Revision } | undefined;
  #isKnown = false;

  constructor(key: string, onChange: () => void) {
    this.#key = key;
    this.#onChange = onChange;
  }

  /** Whether the key is known to be absent. */
  get isVacant(): boolean {
    return this.#isKnown && this.#holder === undefined;
  }

  get holder(): string | undefined {
    return this.#holder?.identity;
  }

  /** Whether `watch` has seen the key since `revision` and it is not the one created then. */
  contradicts(watch: Watch, revision: Revision): boolean {
    return watch.revision >= revision && this.#holder?.createRevision !== revision;
  }

  onChanges(changes: readonly Change[]): void {
    for (const change of changes) this.#apply(change);
    this.#onChange();
  }

  onSynced(): void {
    this.#isKnown = true;
    this.#onChange();
  }

  onDisconnected(): void {
    // What is known stays the best guess: a candidate finds out by trying, a leader by its lease.
  }

  #apply(change: Change): void {
    if (change.kind === 'delete') {
      if (change.key === this.#key) this.#holder = undefined;
      return;
    }
    const { key, value, createRevision } = change.entry;
    if (key === this.#key) this.#holder = { identity: value, createRevision };
  }
}
