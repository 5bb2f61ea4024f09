import {
  decodeRecord,
  type FieldProblem,
  type KeyContract,
  type Revision,
  type StoreEntry,
} from '@rackwright/contracts';

/** A record as the store holds it. */
export interface Stored<V> {
  readonly key: string;
  readonly value: V;
  readonly revision: Revision;
  readonly leaseId?: string;
}

/** A stored value that breaks its schema; the last good value of its key, if any, stays in use. */
export interface InvalidRecord {
  readonly key: string;
  readonly revision: Revision;
  readonly errors: readonly FieldProblem[];
}

/** Told of every change of a table; `before` and `after` are absent for new and for deleted records. */
export type RecordListener<V> = (before: Stored<V> | undefined, after: Stored<V> | undefined) => void;

/** Reads one entry of the store; the fault lists what is wrong with it. */
export function readEntry<Parts extends string, V extends object>(
  contract: KeyContract<Parts, V>,
  entry: StoreEntry,
): Stored<V> | InvalidRecord {
  const decoded = decodeRecord(contract.schema, entry.value);
  const { key, modRevision: revision, leaseId } = entry;
  if (!decoded.ok) return { key, revision, errors: decoded.fault.errors };
  return { key, value: decoded.value, revision, ...(leaseId === undefined ? {} : { leaseId }) };
}

/** Every record of one kind, grouped by the first identifier of its key (the IDC, for most kinds). */
export class RecordTable<Parts extends string, V extends object> {
  readonly contract: KeyContract<Parts, V>;
  readonly #listener: RecordListener<V> | undefined;
  readonly #groups = new Map<string, Map<string, Stored<V>>>();
  readonly #invalid = new Map<string, InvalidRecord>();

  constructor(contract: KeyContract<Parts, V>, listener?: RecordListener<V>) {
    this.contract = contract;
    this.#listener = listener;
  }

  /** Takes over an entry; `false` when its key is of another kind. */
  put(entry: StoreEntry): boolean {
    const group = this.#groupOf(entry.key);
    if (group === undefined) return false;
    const read = readEntry(this.contract, entry);
    if ('errors' in read) {
      this.#invalid.set(entry.key, read);
      return true;
    }
    this.#invalid.delete(entry.key);
    const records = this.#groups.get(group) ?? new Map<string, Stored<V>>();
    const before = records.get(entry.key);
    records.set(entry.key, read);
    this.#groups.set(group, records);
    this.#listener?.(before, read);
    return true;
  }

  /** Forgets a key; `false` when it is of another kind. */
  delete(key: string): boolean {
    const group = this.#groupOf(key);
    if (group === undefined) return false;
    this.#invalid.delete(key);
    const records = this.#groups.get(group);
    const before = records?.get(key);
    if (records === undefined || before === undefined) return true;
    records.delete(key);
    if (records.size === 0) this.#groups.delete(group);
    this.#listener?.(before, undefined);
    return true;
  }

  get(ids: Readonly<Record<Parts, string>>): Stored<V> | undefined {
    const [first] = this.contract.parts;
    return first === undefined ? undefined : this.#groups.get(ids[first])?.get(this.contract.key(ids));
  }

  /** The records of one group, or all of them. */
  list(group?: string): readonly Stored<V>[] {
    if (group !== undefined) return [...(this.#groups.get(group)?.values() ?? [])];
    return [...this.#groups.values()].flatMap((records) => [...records.values()]);
  }

  /** The groups that hold at least one record. */
  groups(): readonly string[] {
    return [...this.#groups.keys()];
  }

  invalid(): readonly InvalidRecord[] {
    return [...this.#invalid.values()];
  }

  /** The identifiers in a record's key. */
  idsOf(record: Stored<V>): Readonly<Record<Parts, string>> {
    const ids = this.contract.parse(record.key);
    if (ids === undefined) throw new RangeError(`not a key of ${this.contract.pattern}: ${record.key}`);
    return ids;
  }

  #groupOf(key: string): string | undefined {
    const ids = this.contract.parse(key);
    const [first] = this.contract.parts;
    return ids === undefined || first === undefined ? undefined : ids[first];
  }
}
