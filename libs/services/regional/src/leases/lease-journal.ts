import type { DurableDocument, DurableLog } from '@rackwright/contracts';
import type { LeaseWrite } from '@rackwright/domain-netboot';
import { OperationalError, type Logger } from '@rackwright/kernel';
import type { PendingCopy } from './lease-copy.js';

/** The whole state on disk; the log holds what happened since. */
export interface LeaseSnapshot {
  readonly leases: readonly LeaseWrite['lease'][];
  readonly pending: readonly PendingCopy[];
}

/** Below this many writes compaction costs more than it saves. */
const MIN_COMPACTION_WRITES = 2_000;
/** The log may hold this many writes per lease before it is compacted: bounds disk and restart time. */
const WRITES_PER_LEASE = 2;

function parseSnapshot(text: string): LeaseSnapshot {
  let cause: unknown;
  try {
    const snapshot = JSON.parse(text) as Partial<LeaseSnapshot> | null;
    if (Array.isArray(snapshot?.leases) && Array.isArray(snapshot.pending)) return snapshot as LeaseSnapshot;
  } catch (error) {
    cause = error;
  }
  const message =
    'the snapshot of the leases on disk is damaged, and without it an address could be given twice: put a copy of the ' +
    'file back, or remove it to go on with what etcd and the log beside it have';
  throw new OperationalError(message, { code: 'lease-snapshot-damaged', retryable: false, cause });
}

/** Leases on the region's disk: a snapshot and a log of writes. */
export class LeaseJournal {
  readonly #log: DurableLog;
  readonly #document: DurableDocument;
  readonly #logger: Logger;
  /** Every record up to here is durable, and its effect was in memory before it was appended. */
  #durablePosition = 0;
  /** Writes the log holds, in fewer records. */
  #loggedWrites = 0;
  #compacting: Promise<void> | undefined;

  constructor(parts: { readonly log: DurableLog; readonly document: DurableDocument; readonly logger: Logger }) {
    this.#log = parts.log;
    this.#document = parts.document;
    this.#logger = parts.logger;
  }

  /** What an earlier process left. A damaged snapshot is an error: starting without it could give an address twice. */
  async restore(): Promise<{ readonly snapshot: LeaseSnapshot; readonly writes: readonly LeaseWrite[] }> {
    const text = await this.#document.read();
    const snapshot = text === undefined ? { leases: [], pending: [] } : parseSnapshot(text);
    const writes: LeaseWrite[] = [];
    for await (const { payload, position } of this.#log.read()) {
      writes.push(...(JSON.parse(payload) as readonly LeaseWrite[]));
      this.#durablePosition = position;
    }
    this.#loggedWrites = writes.length;
    return { snapshot, writes };
  }

  /** Resolves once the writes are durable, as one record. */
  async append(writes: readonly LeaseWrite[]): Promise<void> {
    const position = await this.#log.append(JSON.stringify(writes));
    this.#durablePosition = Math.max(this.#durablePosition, position);
    this.#loggedWrites += writes.length;
  }

  /** Replaces a log that has grown too long by a snapshot of `state`, in the background. */
  compactIfLong(leaseCount: number, state: () => LeaseSnapshot): void {
    const limit = MIN_COMPACTION_WRITES + WRITES_PER_LEASE * leaseCount;
    if (this.#compacting !== undefined || this.#loggedWrites <= limit) return;
    this.#compacting = this.#compact(state()).finally(() => {
      this.#compacting = undefined;
    });
  }

  /** Resolves when no compaction is running. */
  async idle(): Promise<void> {
    await this.#compacting;
  }

  async #compact(snapshot: LeaseSnapshot): Promise<void> {
    const position = this.#durablePosition;
    const covered = this.#loggedWrites;
    try {
      await this.#document.write(JSON.stringify(snapshot));
      await this.#log.truncate(position);
      this.#loggedWrites -= covered;
    } catch (error) {
      this.#logger.error({ err: error }, 'the lease log could not be compacted; it grows until the next attempt');
    }
  }
}
