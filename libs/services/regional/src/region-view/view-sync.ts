import { idcPrefix, PROFILES_PREFIX, type Change, type Revision, type Store, type Watch } from '@rackwright/contracts';
import type { Idc, Logger } from '@rackwright/kernel';
import type { RegionState } from './region-state.js';

/** Follows the region's prefixes in etcd and keeps the view equal to them. */
export class ViewSync implements AsyncDisposable {
  readonly #state: RegionState;
  readonly #logger: Logger;
  readonly #watches: readonly Watch[];
  readonly #connected = new Set<string>();
  readonly #onConnected = new Set<() => void>();
  readonly #onLost = new Set<() => void>();
  readonly #prefixes: readonly string[];

  /** Resolves when everything has been read once. */
  readonly synced: Promise<void>;

  constructor(at: { readonly idc: Idc; readonly store: Store }, state: RegionState, logger: Logger) {
    const { idc, store } = at;
    this.#state = state;
    this.#logger = logger;
    const main = idcPrefix(idc);
    this.#prefixes = [main, `/os/unmatched_reports/${idc}/`, PROFILES_PREFIX];
    this.#watches = this.#prefixes.map((prefix) => this.#follow(store, prefix, prefix === main));
    this.synced = Promise.all(this.#watches.map((watch) => watch.synced)).then(() => {
      state.endFirstListing();
    });
  }

  /** Whether every prefix is being followed now. */
  get isConnected(): boolean {
    return this.#connected.size === this.#prefixes.length;
  }

  /** Calls `listener` whenever the view has caught up after a break. */
  onConnected(listener: () => void): void {
    this.#onConnected.add(listener);
  }

  /** Calls `listener` whenever a watch breaks. */
  onLost(listener: () => void): void {
    this.#onLost.add(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#watches.map((watch) => watch[Symbol.asyncDispose]()));
  }

  #follow(store: Store, prefix: string, isMain: boolean): Watch {
    /** Keys that came from the snapshot and that etcd has not confirmed. */
    let unconfirmed = this.#heldKeys(prefix);
    let lastRevision: Revision = 0n;
    let isListed = false;
    return store.watch(prefix, {
      onChanges: (changes, revision) => {
        if (revision < lastRevision) this.#restartFrom(revision);
        lastRevision = revision;
        if (unconfirmed.size > 0) confirm(unconfirmed, changes);
        if (isListed) this.#state.apply(changes);
        else this.#state.applyFirst(changes);
        if (isMain) this.#state.revision = revision;
      },
      onSynced: (revision) => {
        if (revision < lastRevision) this.#restartFrom(revision);
        lastRevision = revision;
        if (unconfirmed.size > 0) this.#state.applyFirst(goneKeys(unconfirmed, revision));
        unconfirmed = new Set();
        isListed = true;
        if (isMain) this.#state.revision = revision;
        this.#connect(prefix);
      },
      onDisconnected: (cause) => {
        if (!this.#connected.delete(prefix)) return;
        this.#logger.warn({ prefix, err: cause }, 'etcd lost; serving from the view');
        for (const listener of this.#onLost) listener();
      },
    });
  }

  #heldKeys(prefix: string): Set<string> {
    const keys = new Set<string>();
    for (const { key } of this.#state.texts()) if (key.startsWith(prefix)) keys.add(key);
    return keys;
  }

  /** The store went back to an earlier history: it was restored from a backup or replaced. */
  #restartFrom(revision: Revision): void {
    this.#logger.warn({ revision: String(revision) }, 'etcd went back in time; reading everything anew');
    this.#state.distrust();
  }

  #connect(prefix: string): void {
    if (this.#connected.has(prefix)) return;
    this.#connected.add(prefix);
    if (!this.isConnected) return;
    this.#logger.info({ revision: String(this.#state.revision) }, 'view is up to date with etcd');
    for (const listener of this.#onConnected) listener();
  }
}

function confirm(unconfirmed: Set<string>, changes: readonly Change[]): void {
  for (const change of changes) unconfirmed.delete(change.kind === 'put' ? change.entry.key : change.key);
}

function goneKeys(keys: Iterable<string>, modRevision: Revision): Change[] {
  return Array.from(keys, (key) => ({ kind: 'delete', key, modRevision }));
}
