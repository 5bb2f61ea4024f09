/** The store's revision counter (etcd: `header.revision`, 64 bits). */
export type Revision = bigint;

/** A lease held in the store; opaque outside its adapter. */
export type LeaseId = string;

/** One key as the store holds it. */
export interface StoreEntry {
  readonly key: string;
  readonly value: string;
  readonly createRevision: Revision;
  /** Revision of the last write to this key; the comparand of compare-and-set. */
  readonly modRevision: Revision;
  /** The lease the key lives and dies with, if any. */
  readonly leaseId?: LeaseId;
}

/** A condition of a transaction. `exists: false` holds when the key is absent. */
export type Comparison =
  { readonly key: string; readonly modRevision: Revision } | { readonly key: string; readonly exists: boolean };

/** A write of a transaction. */
export type Write =
  | { readonly kind: 'put'; readonly key: string; readonly value: string; readonly leaseId?: LeaseId }
  | { readonly kind: 'delete'; readonly key: string }
  | { readonly kind: 'delete-prefix'; readonly prefix: string };

/** What a transaction did: every write at one revision, or nothing. */
export type TransactionOutcome =
  | { readonly committed: true; readonly revision: Revision }
  | { readonly committed: false; readonly revision: Revision };

/** etcd's default `--max-txn-ops`: comparisons and writes of one transaction may each number no more. */
export const MAX_TRANSACTION_OPS = 128;

export interface ListOptions {
  /** Entries at most; default: all of them, read in pages at one revision. */
  readonly limit?: number;
  /** Only keys greater than this one (for paging). */
  readonly after?: string;
  readonly keysOnly?: boolean;
}

export interface Listing {
  /** In ascending key order. */
  readonly entries: readonly StoreEntry[];
  /** The revision all of them were read at. */
  readonly revision: Revision;
  /** Whether `limit` cut the listing. */
  readonly more: boolean;
}

/** One difference between two states of a watched prefix. */
export type Change =
  | { readonly kind: 'put'; readonly entry: StoreEntry }
  | { readonly kind: 'delete'; readonly key: string; readonly modRevision: Revision };

/** Receives the state of a prefix: first its contents, then `onSynced`, then changes as they happen. */
export interface WatchObserver {
  /**
   * Changes in revision order; those of one transaction arrive in one call. After a gap (reconnect past a
   * compaction) the difference between what was delivered before and what is there now arrives the same way, so
   * state derived from the calls is always right, while intermediate values of one key may be missing.
   */
  onChanges(changes: readonly Change[], revision: Revision): void;
  /** The contents as of `revision` have been delivered; again after every reconnect and re-list. */
  onSynced?(revision: Revision): void;
  /** The stream broke; the watch goes on by itself with back-off. For logs, metrics and readiness. */
  onDisconnected?(cause: unknown): void;
}

/** A running watch; disposing ends it and no observer call follows. */
export interface Watch extends AsyncDisposable {
  /** The revision up to which changes have been delivered. */
  readonly revision: Revision;
  /** Resolves when the first listing has been delivered. */
  readonly synced: Promise<void>;
}

/** A lease kept alive by the adapter until disposed (which revokes it). */
export interface HeldLease extends AsyncDisposable {
  readonly id: LeaseId;
  /**
   * Whether the lease is certainly still ours: judged on the local monotonic clock from the last successful
   * keepalive, minus a safety margin, so a cut link fences the holder before the store frees the lease.
   */
  isHeld(): boolean;
  /** Resolves (never rejects) once the lease is lost: expired, revoked elsewhere, fenced, or disposed. */
  readonly lost: Promise<void>;
}

/**
 * The record of desired and current state: ordered keys, transactions, leases, watches (etcd API v3).
 * Every method rejects with `OperationalError` code `store-unavailable` (retryable) when the store does not answer
 * in time; a write that was rejected so may or may not have happened. Not retryable: `lease-not-found` (a write names
 * a lease that has expired), `store-refused` (permission, size, a key written twice) and `store-closed` (disposed).
 */
export interface Store extends AsyncDisposable {
  /** Linearizable read of one key. */
  get(key: string): Promise<StoreEntry | undefined>;
  /** Linearizable read of many keys at one revision; absent ones are left out. At most {@link MAX_TRANSACTION_OPS}. */
  getMany(keys: readonly string[]): Promise<{ readonly entries: readonly StoreEntry[]; readonly revision: Revision }>;
  list(prefix: string, options?: ListOptions): Promise<Listing>;
  /** Applies all `writes` at one revision if every comparison holds, else nothing. Not retried by the adapter. */
  transact(comparisons: readonly Comparison[], writes: readonly Write[]): Promise<TransactionOutcome>;
  /** Starts watching; connects and reconnects by itself, also when the store is away at the start. */
  watch(prefix: string, observer: WatchObserver): Watch;
  /** Grants a lease of `ttlSeconds` and keeps it alive. */
  holdLease(ttlSeconds: number): Promise<HeldLease>;
  /** Grants a lease nobody keeps alive: keys attached to it vanish `ttlSeconds` later. */
  grantLease(ttlSeconds: number): Promise<LeaseId>;
  /** The store's current revision by a linearizable read; rejects when the store is unreachable. */
  currentRevision(): Promise<Revision>;
}
