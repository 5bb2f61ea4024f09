import { decodeRecord, keyspace, type Comparison, type Store } from '@rackwright/contracts';
import { backoffMs, formatInstant, sleep, type Clock, type Idc, type Logger, type Random } from '@rackwright/kernel';
import type { RegionState } from '../region-view/region-state.js';
import type { FactCounters } from './fact-metrics.js';
import type { FactJournal, JournalEntry } from './fact-journal.js';
import type { KeptFact } from './fact.js';
import { isStoreAway, type FactWriter, type RefusedFact } from './fact-writer.js';

/** Facts written in one transaction: each may need two reads and half a dozen writes, of 128 allowed. */
const BATCH_SIZE = 16;
const RETRY = { retryMinMs: 200, retryMaxMs: 5_000 } as const;

export interface FactDrainParts {
  readonly idc: Idc;
  /** Names this region's journal in etcd. */
  readonly instance: string;
  readonly store: Store;
  readonly state: RegionState;
  readonly journal: FactJournal;
  readonly writer: FactWriter;
  readonly counters: FactCounters;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/**
 * Writes what is kept on disk to etcd, in order. How far it got is written in the same transaction, so that a fact
 * takes effect once however often the process dies in between.
 */
export class FactDrain implements AsyncDisposable {
  readonly #parts: FactDrainParts;
  readonly #cursorKey: string;
  readonly #stopped = new AbortController();
  #running: Promise<void> | undefined;
  #isStoreAway = false;
  #wake: (() => void) | undefined;

  constructor(parts: FactDrainParts) {
    this.#parts = parts;
    this.#cursorKey = keyspace.journalCursor.key({ idc: parts.idc, instance: parts.instance });
  }

  /** Whether facts have to go to the journal: etcd is away, or older ones are waiting. */
  get isNeeded(): boolean {
    return this.#isStoreAway || this.#parts.journal.length > 0;
  }

  get isStoreAway(): boolean {
    return this.#isStoreAway;
  }

  /** etcd did not answer: until it does, nobody waits for it. */
  noteStoreAway(cause: unknown): void {
    if (!this.#isStoreAway) this.#parts.logger.warn({ err: cause }, 'etcd does not answer; keeping facts on disk');
    this.#isStoreAway = true;
    this.start();
  }

  /** Tries again at once, e.g. because a watch reconnected. */
  wake(): void {
    this.#wake?.();
  }

  /** Starts writing to etcd until nothing is left; does nothing when it is at it. */
  start(): void {
    if (this.#running !== undefined || this.#stopped.signal.aborted) return;
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
      if (this.#isStoreAway || this.#parts.journal.stored > 0) this.start();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.abort();
    this.#wake?.();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { random, logger } = this.#parts;
    for (let attempt = 1; !this.#stopped.signal.aborted; attempt += 1) {
      try {
        await this.#drain();
        return;
      } catch (error) {
        this.#isStoreAway = true;
        if (!isStoreAway(error)) logger.error({ err: error }, 'kept facts could not be written; trying again');
        await this.#pause(backoffMs(RETRY, attempt, random));
      }
    }
  }

  async #drain(): Promise<void> {
    const { journal, state, logger } = this.#parts;
    let cursor = await this.#readCursor();
    let written = 0;
    while (journal.stored > 0 && !this.#isStopped()) {
      for await (const batch of journal.batches(BATCH_SIZE)) {
        if (this.#isStopped()) return;
        cursor = await this.#writeBatch(batch, cursor);
        written += batch.length;
      }
    }
    if (this.#isStopped()) return;
    if (this.#isStoreAway) logger.info({ facts: written }, 'etcd answers again; facts kept on disk were written');
    this.#isStoreAway = false;
    state.releaseKept();
  }

  async #writeBatch(batch: readonly JournalEntry[], cursor: Cursor): Promise<Cursor> {
    const { journal, counters, logger } = this.#parts;
    const open = batch.filter((entry) => entry.position > cursor.position);
    const facts = open.map(({ kept }) => kept).filter((kept): kept is KeptFact => kept !== undefined);
    if (facts.length < open.length) {
      counters.add('dropped', open.length - facts.length);
      logger.error({ entries: open.length - facts.length }, 'journal entries that cannot be read were dropped');
    }
    const last = batch.at(-1)?.position ?? cursor.position;
    if (open.length > 0) {
      const refused = await this.#writeFacts(facts, { ...cursor, next: last });
      for (const each of refused) this.#logRefused(each);
      counters.add('replayed', facts.length - refused.length);
    }
    await journal.truncate(last);
    return open.length === 0 ? cursor : this.#readCursor();
  }

  async #writeFacts(
    facts: readonly KeptFact[],
    step: Cursor & { readonly next: number },
  ): Promise<readonly RefusedFact[]> {
    const { clock, writer, counters, logger } = this.#parts;
    const at = formatInstant(clock.now());
    const value = JSON.stringify({ position: step.next, at });
    const company = {
      comparisons: [step.comparison],
      writes: [{ kind: 'put', key: this.#cursorKey, value } as const],
    };
    try {
      return await writer.writeAll(facts, company);
    } catch (error) {
      if (isStoreAway(error)) throw error;
      // etcd refuses the transaction as such; leaving the facts in the way would hold up all that follow.
      if (facts.length > 1) return this.#writeSingly(facts, step);
      counters.add('dropped', facts.length);
      logger.error({ err: error, facts }, 'etcd refuses a kept fact; it was dropped');
      await writer.writeAll([], company);
      return [];
    }
  }

  /** Finds the fact etcd refuses; the cursor moves with the last one. */
  async #writeSingly(
    facts: readonly KeptFact[],
    step: Cursor & { readonly next: number },
  ): Promise<readonly RefusedFact[]> {
    const refused: RefusedFact[] = [];
    for (const [index, kept] of facts.entries()) {
      const isLast = index === facts.length - 1;
      const { position, comparison } = await this.#readCursor();
      const next = isLast ? step.next : position;
      refused.push(...(await this.#writeFacts([kept], { position, comparison, next })));
    }
    return refused;
  }

  async #readCursor(): Promise<Cursor> {
    const entry = await this.#parts.store.get(this.#cursorKey);
    if (entry === undefined) return { position: 0, comparison: { key: this.#cursorKey, exists: false } };
    const decoded = decodeRecord(keyspace.journalCursor.schema, entry.value);
    const comparison = { key: this.#cursorKey, modRevision: entry.modRevision };
    return { position: decoded.ok ? decoded.value.position : 0, comparison };
  }

  #logRefused({ kept, refusal }: RefusedFact): void {
    this.#parts.counters.add('refused-on-replay');
    this.#parts.logger.warn({ fact: kept.fact, refusal }, 'kept fact no longer applies; it was dropped');
  }

  #isStopped(): boolean {
    return this.#stopped.signal.aborted;
  }

  async #pause(delayMs: number): Promise<void> {
    const woken = new AbortController();
    this.#wake = () => {
      woken.abort();
    };
    await sleep(this.#parts.clock, delayMs, woken.signal).catch(() => undefined);
    this.#wake = undefined;
  }
}

/** How far the journal has been written, and the condition that nobody moved it meanwhile. */
interface Cursor {
  readonly position: number;
  readonly comparison: Comparison;
}
