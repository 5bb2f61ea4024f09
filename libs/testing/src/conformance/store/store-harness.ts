import type { Change, Revision, Store, StoreEntry, WatchObserver } from '@rackwright/contracts';

/** A store under test and the levers on its surroundings. */
export interface StoreHarness extends AsyncDisposable {
  /** The client whose link {@link cut} breaks. */
  readonly store: Store;
  /** A second client of the same keys, whose link never breaks. */
  readonly other: Store;
  cut(): void;
  heal(): void;
  /** Compacts the history up to the present revision. */
  compact(): Promise<void>;
  /** Lets time pass on the clock by which leases live. */
  elapse(ms: number): Promise<void>;
}

/** Makes a store for one test, with no keys below the prefix `conformance/`. */
export type MakeStore = () => Promise<StoreHarness>;

/** Writes `value` whatever is there; resolves with the revision. */
export async function put(store: Store, key: string, value: string): Promise<Revision> {
  const { revision } = await store.transact([], [{ kind: 'put', key, value }]);
  return revision;
}

/** The entry of a key that must exist. */
export async function mustGet(store: Store, key: string): Promise<StoreEntry> {
  const entry = await store.get(key);
  if (entry === undefined) throw new Error(`${key} is absent`);
  return entry;
}

/** How many calls are under way at once in {@link putMany}. */
const IN_FLIGHT = 64;

/** Writes `prefix + number` for `count` numbers, each at a revision of its own. */
export async function putMany(store: Store, prefix: string, count: number): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const number = next;
      next += 1;
      await put(store, `${prefix}${String(number).padStart(5, '0')}`, `value ${number}`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, count) }, worker));
}

/** A batch of changes as a watch told it. */
export interface RecordedBatch {
  readonly revision: Revision;
  readonly changes: readonly Change[];
}

/** Keeps everything a watch tells and the state that follows from it. */
export class WatchRecorder implements WatchObserver {
  readonly state = new Map<string, string>();
  readonly batches: RecordedBatch[] = [];
  readonly syncs: Revision[] = [];
  disconnects = 0;
  /** Called on every batch, before it is kept. */
  onBatch: (batch: RecordedBatch) => void = () => undefined;
  /** Called on every synchronisation. */
  onSync: () => void = () => undefined;

  onChanges(changes: readonly Change[], revision: Revision): void {
    this.onBatch({ changes, revision });
    this.batches.push({ changes, revision });
    for (const change of changes) {
      if (change.kind === 'put') this.state.set(change.entry.key, change.entry.value);
      else this.state.delete(change.key);
    }
  }

  onSynced(revision: Revision): void {
    this.syncs.push(revision);
    this.onSync();
  }

  onDisconnected(): void {
    this.disconnects += 1;
  }
}

/** What `prefix` holds, as a plain object. */
export async function contents(store: Store, prefix: string): Promise<Record<string, string>> {
  const { entries } = await store.list(prefix);
  return Object.fromEntries(entries.map((entry) => [entry.key, entry.value]));
}
