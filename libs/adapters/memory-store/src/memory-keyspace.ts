import type {
  Change,
  Comparison,
  LeaseId,
  Listing,
  ListOptions,
  Revision,
  StoreEntry,
  TransactionOutcome,
  Write,
} from '@rackwright/contracts';
import { OperationalError, type Cancel, type Clock } from '@rackwright/kernel';
import { assertWritable } from './write-rules.js';

/** Every change of one revision. */
export interface RevisionBatch {
  readonly revision: Revision;
  readonly changes: readonly Change[];
}

interface Lease {
  readonly ttlSeconds: number;
  expiresAtMs: number;
  cancel: Cancel;
}

/** Revisions kept for watches that are behind; older ones are compacted. */
const MAX_HISTORY = 20_000;

/** What the memory stores connected to it share: the keys, their history and the leases. */
export class MemoryKeyspace {
  readonly #clock: Clock;
  readonly #entries = new Map<string, StoreEntry>();
  readonly #leases = new Map<LeaseId, Lease>();
  readonly #listeners = new Set<() => void>();
  #history: RevisionBatch[] = [];
  #revision: Revision = 1n;
  #compactedTo: Revision = 1n;
  #lastLeaseId = 0n;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get revision(): Revision {
    return this.#revision;
  }

  get(key: string): StoreEntry | undefined {
    return this.#entries.get(key);
  }

  list(prefix: string, options: ListOptions = {}): Listing {
    const { limit = Number.POSITIVE_INFINITY, after } = options;
    const matching = [...this.#entries.values()]
      .filter((entry) => entry.key.startsWith(prefix) && (after === undefined || compareKeys(entry.key, after) > 0))
      .sort((left, right) => compareKeys(left.key, right.key));
    const entries = matching.slice(0, limit);
    return {
      entries: options.keysOnly === true ? entries.map((entry) => ({ ...entry, value: '' })) : entries,
      revision: this.#revision,
      more: matching.length > entries.length,
    };
  }

  transact(comparisons: readonly Comparison[], writes: readonly Write[]): TransactionOutcome {
    assertWritable(writes);
    if (!comparisons.every((comparison) => this.#holds(comparison))) {
      return { committed: false, revision: this.#revision };
    }
    this.#assertLeasesExist(writes);
    const next = this.#revision + 1n;
    this.#commit({ revision: next, changes: writes.flatMap((write) => this.#apply(write, next)) });
    return { committed: true, revision: this.#revision };
  }

  /** The batches after `revision`, or `compacted` when they are no longer all there. */
  since(revision: Revision): readonly RevisionBatch[] | 'compacted' {
    if (revision >= this.#revision) return [];
    if (revision + 1n < this.#compactedTo) return 'compacted';
    const oldest = this.#history[0]?.revision ?? this.#revision;
    return this.#history.slice(Math.max(0, Number(revision + 1n - oldest)));
  }

  /** Forgets every revision before the present one. */
  compact(): void {
    this.#history = this.#history.slice(-1);
    this.#compactedTo = this.#revision;
  }

  /** Calls `listener` after every commit; returns what ends it. */
  onCommit(listener: () => void): Cancel {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  grantLease(ttlSeconds: number): LeaseId {
    this.#lastLeaseId += 1n;
    const id = String(this.#lastLeaseId);
    this.#leases.set(id, { ttlSeconds, expiresAtMs: 0, cancel: () => undefined });
    this.keepAlive(id);
    return id;
  }

  /** Starts the lifetime of a lease anew; false when it is gone. */
  keepAlive(id: LeaseId): boolean {
    const lease = this.#leases.get(id);
    if (lease === undefined) return false;
    lease.cancel();
    lease.expiresAtMs = this.#clock.monotonicMs() + lease.ttlSeconds * 1_000;
    lease.cancel = this.#clock.schedule(lease.ttlSeconds * 1_000, () => {
      this.revoke(id);
    });
    return true;
  }

  /** Ends a lease and deletes its keys, at one revision. */
  revoke(id: LeaseId): void {
    const lease = this.#leases.get(id);
    if (lease === undefined) return;
    lease.cancel();
    this.#leases.delete(id);
    const keys = [...this.#entries.values()].filter((entry) => entry.leaseId === id).map((entry) => entry.key);
    const next = this.#revision + 1n;
    this.#commit({ revision: next, changes: keys.flatMap((key) => this.#delete(key, next)) });
  }

  #holds(comparison: Comparison): boolean {
    const entry = this.#entries.get(comparison.key);
    if ('modRevision' in comparison) return (entry?.modRevision ?? 0n) === comparison.modRevision;
    return (entry !== undefined) === comparison.exists;
  }

  #assertLeasesExist(writes: readonly Write[]): void {
    for (const write of writes) {
      if (write.kind !== 'put' || write.leaseId === undefined || this.#leases.has(write.leaseId)) continue;
      throw new OperationalError('the lease has expired', { code: 'lease-not-found', retryable: false });
    }
  }

  #apply(write: Write, revision: Revision): readonly Change[] {
    switch (write.kind) {
      case 'put':
        return [{ kind: 'put', entry: this.#put(write, revision) }];
      case 'delete':
        return this.#delete(write.key, revision);
      case 'delete-prefix':
        return this.list(write.prefix).entries.flatMap((entry) => this.#delete(entry.key, revision));
    }
  }

  #put(write: Extract<Write, { readonly kind: 'put' }>, revision: Revision): StoreEntry {
    const { key, value, leaseId } = write;
    const createRevision = this.#entries.get(key)?.createRevision ?? revision;
    const entry = { key, value, createRevision, modRevision: revision };
    const stored = leaseId === undefined ? entry : { ...entry, leaseId };
    this.#entries.set(key, stored);
    return stored;
  }

  #delete(key: string, revision: Revision): readonly Change[] {
    return this.#entries.delete(key) ? [{ kind: 'delete', key, modRevision: revision }] : [];
  }

  /** A transaction that changes nothing takes no revision, as in etcd. */
  #commit(batch: RevisionBatch): void {
    if (batch.changes.length === 0) return;
    this.#revision = batch.revision;
    this.#history.push(batch);
    if (this.#history.length > MAX_HISTORY * 2) {
      this.#history = this.#history.slice(-MAX_HISTORY);
      this.#compactedTo = this.#history[0]?.revision ?? this.#revision;
    }
    for (const listener of this.#listeners) listener();
  }
}

/** By octets of UTF-8, as etcd orders keys; that is the order of code points. */
function compareKeys(left: string, right: string): number {
  let index = 0;
  while (index < left.length && left[index] === right[index]) index += 1;
  return (left.codePointAt(index) ?? -1) - (right.codePointAt(index) ?? -1);
}
