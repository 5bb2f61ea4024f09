import {
  encodeRecord,
  keyspace,
  MAX_TRANSACTION_OPS,
  outboxWrites,
  decodeRecord,
  type Comparison,
  type Store,
  type StoreEntry,
  type Write,
} from '@rackwright/contracts';
import type { Lease } from '@rackwright/domain-netboot';
import { backoffMs, sleep, type Clock, type Idc, type Ipv4, type Logger, type Random } from '@rackwright/kernel';
import type { LeaseCopies, LeaseEvent, PendingCopy } from './lease-copy.js';

export interface LeaseCopierParts {
  readonly idc: Idc;
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

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

  note(lease: Lease, events: readonly LeaseEvent[]): void {
    const before = this.#pending.get(lease.ip);
    const newest = before !== undefined && before.lease.version > lease.version ? before.lease : lease;
    const all = [...(before?.events ?? []), ...events];
    this.#droppedEvents += Math.max(0, all.length - MAX_PENDING_EVENTS);
    this.#pending.set(lease.ip, { lease: newest, events: all.slice(-MAX_PENDING_EVENTS) });
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
        await this.#copyBatch(this.#nextBatch());
        if (failures > 0) logger.info({ backlog: this.backlog }, 'leases are copied to etcd again');
        failures = 0;
      } catch (error) {
        failures += 1;
        if (failures === 1) logger.warn({ err: error, backlog: this.backlog }, 'leases are not copied to etcd for now');
        await sleep(clock, backoffMs(RETRY, failures, random), this.#stop.signal).catch(() => undefined);
      }
    }
  }

  #nextBatch(): readonly PendingCopy[] {
    const batch: PendingCopy[] = [];
    let writes = 0;
    for (const copy of this.#pending.values()) {
      writes += 1 + copy.events.length;
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
      writes.push(...outboxWrites(copy.events.filter((each) => each.version > version).map((each) => each.envelope)));
    }
    const done = writes.length === 0 || (await store.transact(comparisons, writes)).committed;
    if (done) for (const copy of batch) this.#forget(copy);
  }

  /** Takes what was copied out of the backlog; what came since stays. */
  #forget(copied: PendingCopy): void {
    const { ip, version } = copied.lease;
    const now = this.#pending.get(ip);
    if (now === undefined) return;
    if (now.lease.version <= version) this.#pending.delete(ip);
    else this.#pending.set(ip, { ...now, events: now.events.filter((each) => each.version > version) });
  }
}

/** 0 for an absent record and for one that cannot be read, which is written over. */
function versionOf(entry: StoreEntry | undefined): number {
  const record = entry === undefined ? undefined : decodeRecord(keyspace.lease.schema, entry.value);
  return record?.ok === true ? record.value.version : 0;
}
