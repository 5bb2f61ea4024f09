import { OperationalError } from '@rackwright/kernel';
import type { Comparison, KeyContract, Store, StoreEntry } from '@rackwright/contracts';
import { readEntry, type Stored } from '../state-view/record-table.js';

/** Parses an entry that a decision rests on; a value that breaks its schema cannot be decided on. */
function requireRecord<Parts extends string, V extends object>(
  contract: KeyContract<Parts, V>,
  entry: StoreEntry,
): Stored<V> {
  const read = readEntry(contract, entry);
  if (!('errors' in read)) return read;
  const [first] = read.errors;
  const reason = first === undefined ? 'unreadable' : `${first.pointer} ${first.detail}`;
  throw new OperationalError(`the stored value at ${entry.key} breaks its schema: ${reason}`, {
    code: 'record-invalid',
    retryable: false,
  });
}

/** Reads one record straight from the store. */
export async function readRecord<Parts extends string, V extends object>(
  store: Store,
  contract: KeyContract<Parts, V>,
  ids: Readonly<Record<Parts, string>>,
): Promise<Stored<V> | undefined> {
  const entry = await store.get(contract.key(ids));
  return entry === undefined ? undefined : requireRecord(contract, entry);
}

/** Entries of one read at one revision, to be taken out by kind. */
export class ReadRecords {
  readonly #entries: ReadonlyMap<string, StoreEntry>;

  constructor(entries: readonly StoreEntry[]) {
    this.#entries = new Map(entries.map((entry) => [entry.key, entry]));
  }

  static async of(store: Store, keys: readonly string[]): Promise<ReadRecords> {
    const { entries } = await store.getMany([...new Set(keys)]);
    return new ReadRecords(entries);
  }

  get<Parts extends string, V extends object>(
    contract: KeyContract<Parts, V>,
    ids: Readonly<Record<Parts, string>>,
  ): Stored<V> | undefined {
    const entry = this.#entries.get(contract.key(ids));
    return entry === undefined ? undefined : requireRecord(contract, entry);
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /** Whether a condition of a transaction holds among what was read. */
  satisfies(comparison: Comparison): boolean {
    const entry = this.#entries.get(comparison.key);
    if ('exists' in comparison) return (entry !== undefined) === comparison.exists;
    return entry?.modRevision === comparison.modRevision;
  }
}
