import { DeliveredKeys, type Change, type Revision, type Watch, type WatchObserver } from '@rackwright/contracts';
import type { Cancel } from '@rackwright/kernel';
import type { MemoryKeyspace } from './memory-keyspace.js';
import { storeClosed, type MemoryLink } from './memory-link.js';

/** What to watch and who is told. */
export interface MemoryWatchTarget {
  readonly prefix: string;
  readonly observer: WatchObserver;
  /** Told once, when the watch is disposed. */
  onEnded(): void;
}

/** A watch that looks at the keyspace in a microtask after every commit and every change of the link. */
export class MemoryWatch implements Watch {
  readonly synced: Promise<void>;
  readonly #keyspace: MemoryKeyspace;
  readonly #link: MemoryLink;
  readonly #target: MemoryWatchTarget;
  readonly #delivered = new DeliveredKeys();
  readonly #firstListing = Promise.withResolvers<undefined>();
  readonly #unsubscribe: readonly Cancel[];
  #revision: Revision = 0n;
  #mustList = true;
  #isConnected = true;
  #isScheduled = false;
  #isDisposed = false;

  constructor(keyspace: MemoryKeyspace, link: MemoryLink, target: MemoryWatchTarget) {
    this.#keyspace = keyspace;
    this.#link = link;
    this.#target = target;
    this.synced = this.#firstListing.promise;
    // A watch disposed before its first listing rejects, which not everybody waits for.
    this.synced.catch(() => undefined);
    const look = (): void => {
      this.#schedule();
    };
    this.#unsubscribe = [keyspace.onCommit(look), link.onChange(look)];
    this.#schedule();
  }

  get revision(): Revision {
    return this.#revision;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#firstListing.reject(storeClosed());
    this.#target.onEnded();
    return Promise.resolve();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#look();
    });
  }

  #look(): void {
    if (this.#isDisposed) return;
    if (this.#link.isCut) this.#disconnect();
    else this.#catchUp();
  }

  #disconnect(): void {
    if (!this.#isConnected) return;
    this.#isConnected = false;
    this.#target.observer.onDisconnected?.(new Error('the link is cut'));
  }

  #catchUp(): void {
    const batches = this.#mustList ? 'compacted' : this.#keyspace.since(this.#revision);
    if (batches === 'compacted') {
      this.#list();
      return;
    }
    if (!this.#isConnected) this.#deliverSynced();
    for (const batch of batches) {
      // The observer may cut the link or dispose the watch while it is being told.
      if (this.#isDisposed || this.#link.isCut) return;
      const changes = batch.changes.filter((change) => keyOf(change).startsWith(this.#target.prefix));
      this.#deliver(changes, batch.revision);
    }
  }

  #list(): void {
    const listing = this.#keyspace.list(this.#target.prefix);
    this.#mustList = false;
    this.#deliver(this.#delivered.difference(listing), listing.revision);
    this.#firstListing.resolve(undefined);
    this.#deliverSynced();
  }

  #deliver(changes: readonly Change[], revision: Revision): void {
    this.#revision = revision;
    this.#delivered.record(changes);
    if (changes.length > 0) this.#target.observer.onChanges(changes, revision);
  }

  #deliverSynced(): void {
    if (this.#isDisposed) return;
    this.#isConnected = true;
    this.#target.observer.onSynced?.(this.#revision);
  }
}

function keyOf(change: Change): string {
  return change.kind === 'put' ? change.entry.key : change.key;
}
