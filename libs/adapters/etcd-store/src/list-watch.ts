import {
  DeliveredKeys,
  type Change,
  type Revision,
  type StoreEntry,
  type Watch,
  type WatchObserver,
} from '@rackwright/contracts';
import { backoffMs, sleep } from '@rackwright/kernel';
import { revisionOf } from './entry.js';
import type { EtcdConnection } from './etcd-connection.js';
import { DEFAULT_UNARY_TIMEOUT_MS, DEFAULT_WATCH_BACKOFF, type EtcdStoreOptions } from './etcd-store-options.js';
import { prefixRange } from './key-range.js';
import { readListing } from './listing.js';
import { storeClosed } from './store-failure.js';
import { runWatchStream, WatchCanceled } from './watch-stream.js';

/** What to watch and who is told. */
export interface ListWatchTarget {
  readonly prefix: string;
  readonly observer: WatchObserver;
  /** Told once, when the watch is disposed. */
  onEnded(): void;
}

/**
 * Lists a prefix at one revision, then follows it from the next one. After a broken link it goes on behind the last
 * revision delivered; after anything that may have cost events (compaction, any cancel, a store that went back in
 * history) it lists again and delivers the difference.
 */
export class ListWatch implements Watch {
  readonly synced: Promise<void>;
  readonly #connection: EtcdConnection;
  readonly #options: EtcdStoreOptions;
  readonly #target: ListWatchTarget;
  readonly #delivered = new DeliveredKeys();
  readonly #stop = new AbortController();
  readonly #firstListing = Promise.withResolvers<undefined>();
  #revision: Revision = 0n;
  #clusterId = '';
  #mustList = true;
  /** Whether the first listing has been delivered as a whole. */
  #hasContents = false;
  /** Whether the observer takes what it has for the present state. */
  #isSynced = false;
  #failedAttempts = 0;

  constructor(connection: EtcdConnection, options: EtcdStoreOptions, target: ListWatchTarget) {
    this.#connection = connection;
    this.#options = options;
    this.#target = target;
    this.synced = this.#firstListing.promise;
    // A watch disposed before its first listing rejects, which not everybody waits for.
    this.synced.catch(() => undefined);
    void this.#run();
  }

  get revision(): Revision {
    return this.#revision;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(storeClosed());
    this.#firstListing.reject(storeClosed());
    this.#target.onEnded();
    return Promise.resolve();
  }

  async #run(): Promise<void> {
    const { clock, random, watchBackoff = DEFAULT_WATCH_BACKOFF } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#catchUp();
        await this.#follow();
      } catch (cause) {
        this.#onBroken(cause);
      }
      await sleep(clock, backoffMs(watchBackoff, this.#failedAttempts, random), signal).catch(() => undefined);
    }
  }

  #onBroken(cause: unknown): void {
    if (this.#stop.signal.aborted) return;
    this.#failedAttempts += 1;
    if (cause instanceof WatchCanceled) this.#mustList = true;
    // Told once per break and not per attempt; a store that is away at the start counts as one.
    if (!this.#isSynced && this.#failedAttempts > 1) return;
    this.#isSynced = false;
    this.#options.logger.warn({ err: cause, prefix: this.#target.prefix }, 'etcd watch interrupted');
    this.#deliver(() => this.#target.observer.onDisconnected?.(cause));
  }

  /** Makes sure that following from the next revision misses nothing. */
  async #catchUp(): Promise<void> {
    if (!this.#mustList) await this.#checkHistory();
    if (this.#mustList) await this.#list();
  }

  /** A read before watching again; it also renews an expired token, which a watch cannot. */
  async #checkHistory(): Promise<void> {
    const request = { ...prefixRange(this.#target.prefix), limit: 1, keys_only: true };
    const reply = await this.#connection.retrying('etcd.watch', (client, options) => client.kv.range(request, options));
    const isSameHistory = reply.header.cluster_id === this.#clusterId && revisionOf(reply) >= this.#revision;
    if (isSameHistory) return;
    this.#options.logger.warn({ prefix: this.#target.prefix }, 'etcd went back in history, listing again');
    this.#delivered.distrust();
    this.#mustList = true;
  }

  async #list(): Promise<void> {
    const listing = await readListing(this.#connection, this.#target.prefix, { visit: this.#visitPage });
    if (this.#stop.signal.aborted) return;
    this.#clusterId = listing.clusterId;
    this.#mustList = false;
    this.#hasContents = true;
    this.#deliverChanges(this.#delivered.difference(listing), listing.revision);
    this.#firstListing.resolve(undefined);
    this.#deliverSynced();
  }

  /**
   * Keeps a large prefix from being in memory twice: the first contents are delivered page by page, and of a later
   * listing only the values that differ are kept until it is complete.
   */
  readonly #visitPage = (page: readonly StoreEntry[], revision: Revision): readonly StoreEntry[] => {
    if (this.#stop.signal.aborted) return [];
    if (!this.#hasContents) this.#deliverPage(page, revision);
    return page.map((entry) => (this.#delivered.holds(entry) ? { ...entry, value: '' } : entry));
  };

  #deliverPage(page: readonly StoreEntry[], revision: Revision): void {
    const changes = this.#delivered.news(page);
    this.#delivered.record(changes);
    if (changes.length > 0) this.#deliver(() => this.#target.observer.onChanges(changes, revision));
  }

  async #follow(): Promise<void> {
    const options = {
      prefix: this.#target.prefix,
      startRevision: this.#revision + 1n,
      attachTimeoutMs: this.#options.unaryTimeoutMs ?? DEFAULT_UNARY_TIMEOUT_MS,
      clock: this.#options.clock,
      signal: this.#stop.signal,
    };
    await runWatchStream(this.#connection, options, {
      onAttached: () => {
        this.#failedAttempts = 0;
        if (!this.#isSynced) this.#deliverSynced();
      },
      onBatch: (batch) => {
        if (batch.revision > this.#revision) this.#deliverChanges(batch.changes, batch.revision);
      },
      onProgress: (revision) => {
        if (revision > this.#revision) this.#revision = revision;
      },
    });
  }

  #deliverChanges(changes: readonly Change[], revision: Revision): void {
    this.#revision = revision;
    this.#delivered.record(changes);
    if (changes.length > 0) this.#deliver(() => this.#target.observer.onChanges(changes, revision));
  }

  #deliverSynced(): void {
    this.#isSynced = true;
    this.#deliver(() => this.#target.observer.onSynced?.(this.#revision));
  }

  /** A throwing observer is a bug: it ends the process like any other and must not pass for a broken link. */
  #deliver(call: () => void): void {
    if (this.#stop.signal.aborted) return;
    try {
      call();
    } catch (bug) {
      queueMicrotask(() => {
        throw bug;
      });
    }
  }
}
