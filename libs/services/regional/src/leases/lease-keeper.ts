import type { DurableDocument, DurableLog } from '@rackwright/contracts';
import { LeaseTable, type Lease, type LeaseChange, type LeaseWrite } from '@rackwright/domain-netboot';
import type { Cancel, Clock, Logger } from '@rackwright/kernel';
import { GroupCommit } from './group-commit.js';
import type { LeaseCopies } from './lease-copy.js';
import { LeaseJournal } from './lease-journal.js';
import { RefusedWrites } from './refused-writes.js';

export interface LeaseKeeperParts {
  readonly copier: LeaseCopies;
  /** On the region's own disk. */
  readonly log: DurableLog;
  readonly snapshot: DurableDocument;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How late an expiry may be noticed when nobody asks for an address. */
const SWEEP_INTERVAL_MS = 1_000;
/** Leases ended at one time: a thousand machines whose leases end together delay no reply. */
const MAX_EXPIRIES = 256;
/** Until the next of them are ended. */
const BUSY_SWEEP_INTERVAL_MS = 10;

/**
 * The leases of a region: decided on in memory, durable on its disk before anyone is told, copied to etcd afterwards.
 * A killed process loses no lease it acknowledged and gives no address twice.
 */
export class LeaseKeeper {
  readonly table = new LeaseTable();
  readonly #parts: LeaseKeeperParts;
  readonly #journal: LeaseJournal;
  readonly #copier: LeaseCopies;
  readonly #commits = new GroupCommit<LeaseWrite>((writes) => this.#makeDurable(writes));
  readonly #refused = new RefusedWrites();
  #cancelSweep: Cancel = () => undefined;
  #failedWrites = 0;
  #isRestored = false;
  #isRunning = false;

  constructor(parts: LeaseKeeperParts) {
    this.#parts = parts;
    this.#journal = new LeaseJournal({ log: parts.log, document: parts.snapshot, logger: parts.logger });
    this.#copier = parts.copier;
  }

  /** Addresses etcd is behind on. */
  get backlog(): number {
    return this.#copier.backlog;
  }

  /** Writes the disk refused. */
  get failedWrites(): number {
    return this.#failedWrites;
  }

  /**
   * Takes over what disk and etcd have; of two records of one address the later version counts. Safe to repeat after
   * {@link stop}: the disk is read once.
   */
  async start(copied: readonly Lease[]): Promise<void> {
    if (!this.#isRestored) await this.#restore();
    this.#isRestored = true;
    this.merge(copied);
    this.#copyUnknown(copied);
    this.#parts.logger.info({ leases: this.table.size, backlog: this.backlog }, 'leases restored');
    this.#isRunning = true;
    this.#copier.start();
    this.#cancelSweep();
    this.#sweepLater();
  }

  /** Ends nothing and copies nothing any more until the next start. */
  async stop(): Promise<void> {
    this.#isRunning = false;
    this.#cancelSweep();
    await this.#commits.idle();
    await this.#copier.stop();
    await this.#journal.idle();
  }

  async #restore(): Promise<void> {
    const { snapshot, writes } = await this.#journal.restore();
    for (const lease of snapshot.leases) this.table.restore(lease);
    for (const { lease } of writes) this.table.restore(lease);
    for (const { lease, untold } of snapshot.pending) {
      this.#copier.note({ lease });
      for (const write of untold) this.#copier.note(write);
    }
    for (const write of writes) this.#copier.note(write);
  }

  /** Takes over records of etcd that are ahead of ours: our disk was lost or replaced. */
  merge(leases: Iterable<Lease>): void {
    for (const lease of leases) this.table.restore(lease);
  }

  /** Applies a change in memory; the writes are to be given to {@link commit} before anyone is told. */
  apply(change: LeaseChange): readonly LeaseWrite[] {
    return this.table.apply(change, this.#parts.clock.now());
  }

  /** Ends what is over by now, a bounded number at a time; how many. Cheap when nothing is. */
  expire(): number {
    const writes = this.table.expire(this.#parts.clock.now(), MAX_EXPIRIES);
    if (writes.length > 0) this.#commitQuietly(writes);
    return writes.length;
  }

  /**
   * Resolves once the writes are on disk; what is committed at one time shares one write and one promise. Rejects with
   * `OperationalError` `disk-failed`: then nobody may be told.
   */
  commit(writes: readonly LeaseWrite[]): Promise<void> {
    return writes.length === 0 ? Promise.resolve() : this.#commits.add(writes);
  }

  async #makeDurable(writes: readonly LeaseWrite[]): Promise<void> {
    const all = this.#refused.ahead(writes);
    if (all.length === 0) return;
    try {
      await this.#journal.append(all);
    } catch (error) {
      this.#failedWrites += writes.length;
      this.#refused.refused(writes);
      throw error;
    }
    this.#refused.written(all);
    for (const write of all) this.#copier.note(write);
    if (this.#isRunning) this.#copier.start();
    this.#journal.compactIfLong(this.table.size, () => ({
      leases: [...this.table.all()],
      pending: this.#copier.pending(),
    }));
  }

  /** Records compacted on disk whose copy got lost with etcd's data are copied again. */
  #copyUnknown(copied: readonly Lease[]): void {
    const versions = new Map(copied.map((lease) => [lease.ip, lease.version]));
    for (const lease of this.table.all()) {
      if ((versions.get(lease.ip) ?? 0) < lease.version) this.#copier.note({ lease });
    }
  }

  /** Nobody waits for an expiry, nor for what the disk refused before. */
  #commitQuietly(writes: readonly LeaseWrite[]): void {
    this.#commits.add(writes).catch((error: unknown) => {
      const waiting = this.#refused.size;
      this.#parts.logger.error({ err: error, waiting }, 'leases could not be written to disk and wait for it');
    });
  }

  #sweepLater(isBusy = false): void {
    const delayMs = isBusy ? BUSY_SWEEP_INTERVAL_MS : SWEEP_INTERVAL_MS;
    this.#cancelSweep = this.#parts.clock.schedule(delayMs, () => {
      const isBusy = this.expire() === MAX_EXPIRIES;
      if (this.#refused.size > 0) this.#commitQuietly([]);
      this.#sweepLater(isBusy);
    });
  }
}
