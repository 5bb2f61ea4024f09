import {
  encodeRecord,
  keyspace,
  MAX_TRANSACTION_OPS,
  outboxWrites,
  decodeRecord,
  type Comparison,
  type EventEnvelope,
  type Store,
  type StoreEntry,
  type Write,
} from '@rackwright/contracts';
import type { LeaseWrite } from '@rackwright/domain-netboot';
import { backoffMs, sleep, type Clock, type Idc, type Ipv4, type Logger, type Random } from '@rackwright/kernel';
import { eventOf, type LeaseCopies, type PendingCopy } from './lease-copy.js';

export interface LeaseCopierParts {
  readonly idc: Idc;
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Of the time with a backlog a quarter is for copying, ... */
const PAUSE_PER_COPYING = 3;
/** ... and however slow etcd is, four batches a second are begun. */
const MAX_PAUSE_MS = 250;
const RETRY = { retryMinMs: 200, retryMaxMs: 10_000 } as const;
/** Events of one address kept while etcd is away; a client that takes and returns it in a loop fills no memory. */
const MAX_PENDING_EVENTS = 16;
/** A record and its newest events fit a transaction together, whatever their number. */
const MAX_BATCH_ADDRESSES = Math.floor(MAX_TRANSACTION_OPS / 2);

/**
 * Copies leases to etcd, many per transaction, and catches up after outages. The record of an address and its events
 * are written together; etcd's version says what was copied before, so nothing is told twice.
 */
export class LeaseCopier implements LeaseCopies {
  readonly #parts: LeaseCopierParts;
  readonly #pending = new Map<Ipv4, PendingCopy>();
  #stop = new AbortController();
  #running: Promise<void> | undefined;
  #droppedEvents = 0;

  constructor(parts: LeaseCopierParts) {
    this.#parts = parts;
  }

  get backlog(): number {
    return this.#pending.size;
  }

  get droppedEvents(): number {
    return this.#droppedEvents;
  }

  pending(): readonly PendingCopy[] {
    return [...this.#pending.values()];
  }

  note(write: LeaseWrite): void {
    const { lease, event } = write;
    const before = this.#pending.get(lease.ip);
    const newest = before !== undefined && before.lease.version > lease.version ? before.lease : lease;
    const earlier = before?.untold ?? [];
    const untold = event === undefined ? earlier : [...earlier, write];
    const dropped = Math.max(0, untold.length - MAX_PENDING_EVENTS);
    this.#droppedEvents += dropped;
    this.#pending.set(lease.ip, { lease: newest, untold: dropped === 0 ? untold : untold.slice(dropped) });
  }

  start(): void {
    if (this.#running !== undefined || this.#pending.size === 0) return;
    this.#stop = new AbortController();
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('stopping'));
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, random, logger } = this.#parts;
    for (let failures = 0; this.#pending.size > 0 && !this.#stop.signal.aborted;) {
      try {
        const startedMs = clock.monotonicMs();
        await this.#copyBatch(this.#nextBatch());
        if (failures > 0) logger.info({ backlog: this.backlog }, 'leases are copied to etcd again');
        failures = 0;
        if (this.#pending.size > 0) await this.#makeWay(clock.monotonicMs() - startedMs);
      } catch (error) {
        failures += 1;
        if (failures === 1) logger.warn({ err: error, backlog: this.backlog }, 'leases are not copied to etcd for now');
        await sleep(clock, backoffMs(RETRY, failures, random), this.#stop.signal).catch(() => undefined);
      }
    }
  }

  /** Replies come first: with a backlog copying takes a share of the time, and never less than that. */
  async #makeWay(tookMs: number): Promise<void> {
    const pauseMs = Math.min(tookMs * PAUSE_PER_COPYING, MAX_PAUSE_MS);
    await sleep(this.#parts.clock, pauseMs, this.#stop.signal).catch(() => undefined);
  }

  #nextBatch(): readonly PendingCopy[] {
    const batch: PendingCopy[] = [];
    let writes = 0;
    for (const copy of this.#pending.values()) {
      writes += 1 + copy.untold.length;
      if (writes > MAX_TRANSACTION_OPS || batch.length >= MAX_BATCH_ADDRESSES) break;
      batch.push(copy);
    }
    return batch;
  }

  async #copyBatch(batch: readonly PendingCopy[]): Promise<void> {
    const { idc, store } = this.#parts;
    const { entries } = await store.getMany(batch.map(({ lease }) => keyspace.lease.key({ idc, ip: lease.ip })));
    const stored = new Map(entries.map((entry) => [entry.key, entry]));
    const comparisons: Comparison[] = [];
    const writes: Write[] = [];
    for (const copy of batch) {
      const key = keyspace.lease.key({ idc, ip: copy.lease.ip });
      const entry = stored.get(key);
      const version = versionOf(entry);
      if (version >= copy.lease.version) continue;
      comparisons.push(entry === undefined ? { key, exists: false } : { key, modRevision: entry.modRevision });
      writes.push({ kind: 'put', key, value: encodeRecord(copy.lease) });
      writes.push(...outboxWrites(this.#eventsAfter(version, copy)));
    }
    const done = writes.length === 0 || (await store.transact(comparisons, writes)).committed;
    if (done) for (const copy of batch) this.#forget(copy);
  }

  #eventsAfter(version: number, { untold }: PendingCopy): readonly EventEnvelope[] {
    return untold
      .filter(({ lease }) => lease.version > version)
      .map((write) => eventOf(this.#parts.idc, write))
      .filter((event) => event !== undefined);
  }

  /** Takes what was copied out of the backlog; what came since stays. */
  #forget(copied: PendingCopy): void {
    const { ip, version } = copied.lease;
    const now = this.#pending.get(ip);
    if (now === undefined) return;
    if (now.lease.version <= version) this.#pending.delete(ip);
    else this.#pending.set(ip, { ...now, untold: now.untold.filter((each) => each.lease.version > version) });
  }
}

/** 0 for an absent record and for one that cannot be read, which is written over. */
function versionOf(entry: StoreEntry | undefined): number {
  const record = entry === undefined ? undefined : decodeRecord(keyspace.lease.schema, entry.value);
  return record?.ok === true ? record.value.version : 0;
}
