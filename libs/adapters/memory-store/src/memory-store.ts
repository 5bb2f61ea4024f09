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
import type { Clock } from '@rackwright/kernel';
import { MemoryHeldLease } from './memory-held-lease.js';
import { MemoryKeyspace } from './memory-keyspace.js';
import { MemoryLink, storeClosed } from './memory-link.js';
import { MemoryWatch } from './memory-watch.js';
import { assertBounded } from './write-rules.js';

/** What a memory store needs. */
export interface MemoryStoreOptions {
  /** Drives the lifetime of leases. */
  readonly clock: Clock;
  /** Shared by stores that stand for several clients of one server; default: one of its own. */
  readonly keyspace?: MemoryKeyspace;
}

/** The record in memory, with the semantics of the real one and a link that can be cut. */
export class MemoryStore implements Store {
  readonly #clock: Clock;
  readonly #keyspace: MemoryKeyspace;
  readonly #link = new MemoryLink();
  readonly #leases = new Set<HeldLease>();
  readonly #watches = new Set<Watch>();
  #isDisposed = false;

  constructor(options: MemoryStoreOptions) {
    this.#clock = options.clock;
    this.#keyspace = options.keyspace ?? new MemoryKeyspace(options.clock);
  }

  /** Another client of the same keys, with a link and leases of its own. */
  connect(): MemoryStore {
    return new MemoryStore({ clock: this.#clock, keyspace: this.#keyspace });
  }

  /** Makes calls reject and watches disconnect until healed. */
  cut(): void {
    this.#link.cut();
  }

  /** Lets calls through again; watches catch up. */
  heal(): void {
    this.#link.heal();
  }

  /** Makes the next call take effect and reject with `store-unavailable` all the same. */
  loseNextReply(): void {
    this.#link.loseNextReply();
  }

  /** Forgets the history, so that a watch that is behind has to list again. */
  compact(): void {
    this.#keyspace.compact();
  }

  get(key: string): Promise<StoreEntry | undefined> {
    return this.#call(() => this.#keyspace.get(key));
  }

  getMany(keys: readonly string[]): Promise<{ readonly entries: readonly StoreEntry[]; readonly revision: Revision }> {
    return this.#call(() => {
      assertBounded(keys.length, 'keys');
      const entries = keys.map((key) => this.#keyspace.get(key)).filter((entry) => entry !== undefined);
      return { entries, revision: this.#keyspace.revision };
    });
  }

  list(prefix: string, options: ListOptions = {}): Promise<Listing> {
    return this.#call(() => {
      const { limit = 1 } = options;
      if (limit < 1) throw new RangeError(`a listing needs a limit of at least 1, not ${limit}`);
      return this.#keyspace.list(prefix, options);
    });
  }

  transact(comparisons: readonly Comparison[], writes: readonly Write[]): Promise<TransactionOutcome> {
    return this.#call(() => {
      assertBounded(comparisons.length, 'comparisons');
      assertBounded(writes.length, 'writes');
      return this.#keyspace.transact(comparisons, writes);
    });
  }

  watch(prefix: string, observer: WatchObserver): Watch {
    if (this.#isDisposed) throw storeClosed();
    const watch = new MemoryWatch(this.#keyspace, this.#link, {
      prefix,
      observer,
      onEnded: () => void this.#watches.delete(watch),
    });
    this.#watches.add(watch);
    return watch;
  }

  async holdLease(ttlSeconds: number): Promise<HeldLease> {
    return this.#call(() => {
      const lease = new MemoryHeldLease(this.#keyspace.grantLease(ttlSeconds), ttlSeconds, {
        clock: this.#clock,
        keyspace: this.#keyspace,
        link: this.#link,
        onEnded: (ended) => void this.#leases.delete(ended),
      });
      this.#leases.add(lease);
      return lease;
    });
  }

  grantLease(ttlSeconds: number): Promise<LeaseId> {
    return this.#call(() => this.#keyspace.grantLease(ttlSeconds));
  }

  currentRevision(): Promise<Revision> {
    return this.#call(() => this.#keyspace.revision);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    await Promise.all([...this.#watches, ...this.#leases].map((held) => held[Symbol.asyncDispose]()));
  }

  async #call<T>(call: () => T): Promise<T> {
    if (this.#isDisposed) throw storeClosed();
    return this.#link.carry(call);
  }
}
