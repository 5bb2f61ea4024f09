import type {
  Comparison,
  HeldLease,
  LeaseId,
  Listing,
  ListOptions,
  Revision,
  Store,
  StoreEntry,
  TransactionOutcome,
  Watch,
  WatchObserver,
  Write,
} from '@rackwright/contracts';
import { revisionOf, toEntry } from './entry.js';
import { EtcdConnection } from './etcd-connection.js';
import { EtcdHeldLease, type LeaseKeeping } from './etcd-held-lease.js';
import { DEFAULT_PROBE_KEY, type EtcdStoreOptions } from './etcd-store-options.js';
import { grantLease, keepLeaseAlive, revokeLease } from './lease-calls.js';
import { ListWatch } from './list-watch.js';
import { readListing } from './listing.js';
import { storeClosed } from './store-failure.js';
import { traced } from './traced.js';
import { assertBounded, toReadTransaction, toTransaction } from './transaction.js';
import { TransactionGroups, type Transaction } from './transaction-groups.js';

/** The record in etcd 3.4 or newer. */
export class EtcdStore implements Store {
  readonly #connection: EtcdConnection;
  readonly #options: EtcdStoreOptions;
  readonly #keeping: LeaseKeeping;
  readonly #groups = new TransactionGroups((transaction) => this.#commit(transaction));
  readonly #leases = new Set<HeldLease>();
  readonly #watches = new Set<Watch>();
  #isDisposed = false;

  constructor(options: EtcdStoreOptions) {
    this.#options = options;
    this.#connection = new EtcdConnection(options);
    this.#keeping = {
      clock: options.clock,
      random: options.random,
      logger: options.logger,
      keepAlive: (id, timeoutMs) => keepLeaseAlive(this.#connection, id, timeoutMs),
      revoke: (id) => revokeLease(this.#connection, id),
      onEnded: (lease) => void this.#leases.delete(lease),
    };
  }

  async get(key: string): Promise<StoreEntry | undefined> {
    const reply = await this.#live.read('etcd.get', (client, options) =>
      client.kv.range({ key: Buffer.from(key) }, options),
    );
    return reply.kvs.map(toEntry)[0];
  }

  async getMany(
    keys: readonly string[],
  ): Promise<{ readonly entries: readonly StoreEntry[]; readonly revision: Revision }> {
    const request = toReadTransaction(keys);
    const reply = await this.#live.read('etcd.get-many', (client, options) => client.kv.txn(request, options));
    const entries = reply.responses.flatMap((response) => response.response_range.kvs.map(toEntry));
    return { entries, revision: revisionOf(reply) };
  }

  async list(prefix: string, options: ListOptions = {}): Promise<Listing> {
    const listing = await traced('etcd.list', {}, () => readListing(this.#live, prefix, options));
    return { entries: listing.entries, revision: listing.revision, more: listing.more };
  }

  async transact(comparisons: readonly Comparison[], writes: readonly Write[]): Promise<TransactionOutcome> {
    assertBounded(comparisons.length, 'comparisons');
    assertBounded(writes.length, 'writes');
    return traced('etcd.txn', {}, () => this.#groups.submit({ comparisons, writes }));
  }

  watch(prefix: string, observer: WatchObserver): Watch {
    const watch = new ListWatch(this.#live, this.#options, {
      prefix,
      observer,
      onEnded: () => void this.#watches.delete(watch),
    });
    this.#watches.add(watch);
    return watch;
  }

  async holdLease(ttlSeconds: number): Promise<HeldLease> {
    const askedAtMs = this.#options.clock.monotonicMs();
    const granted = await grantLease(this.#live, ttlSeconds);
    const lease = new EtcdHeldLease({ ...granted, askedAtMs }, this.#keeping);
    this.#leases.add(lease);
    if (this.#isDisposed) {
      await lease[Symbol.asyncDispose]();
      throw storeClosed();
    }
    return lease;
  }

  async grantLease(ttlSeconds: number): Promise<LeaseId> {
    const { id } = await grantLease(this.#live, ttlSeconds);
    return id;
  }

  async currentRevision(): Promise<Revision> {
    const key = Buffer.from(this.#options.probeKey ?? DEFAULT_PROBE_KEY);
    const reply = await this.#live.read('etcd.revision', (client, options) =>
      client.kv.range({ key, keys_only: true }, options),
    );
    return revisionOf(reply);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    await Promise.all([...this.#watches, ...this.#leases].map((held) => held[Symbol.asyncDispose]()));
    this.#connection.close();
  }

  async #commit({ comparisons, writes }: Transaction): Promise<TransactionOutcome> {
    const request = toTransaction(comparisons, writes);
    const reply = await this.#live.once('etcd.txn', (client, options) => client.kv.txn(request, options));
    return { committed: reply.succeeded, revision: revisionOf(reply) };
  }

  get #live(): EtcdConnection {
    if (this.#isDisposed) throw storeClosed();
    return this.#connection;
  }
}
