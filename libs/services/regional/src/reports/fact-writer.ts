import type { Comparison, Store, Write } from '@rackwright/contracts';
import { OperationalError, type Clock, type Idc, type Result } from '@rackwright/kernel';
import type { RegionState } from '../region-view/region-state.js';
import { FactBatch, type RecordSource } from './fact-batch.js';
import type { KeptFact } from './fact.js';
import type { FactCounters } from './fact-metrics.js';
import { planFact } from './plan-fact.js';
import { storeSource, viewSource } from './record-sources.js';
import type { ReportRefusal } from './report-sink.js';

/** A machine waits no longer for etcd; what it reported is kept on disk then. */
const WRITE_WITHIN_MS = 2_000;
/** Another writer may win this often before the attempt counts as failed. */
const MAX_RACES = 8;

export interface FactWriterParts {
  readonly idc: Idc;
  readonly store: Store;
  readonly state: RegionState;
  readonly clock: Clock;
  readonly counters: FactCounters;
}

/** A fact that could not be planned. */
export interface RefusedFact {
  readonly kept: KeptFact;
  readonly refusal: ReportRefusal;
}

/** Conditions and writes that go along with the facts. */
export interface Company {
  readonly comparisons: readonly Comparison[];
  readonly writes: readonly Write[];
}

/** Writes facts to etcd: compare-and-set, decided again after every lost race. */
export class FactWriter {
  readonly #parts: FactWriterParts;
  readonly #fromStore: RecordSource;
  readonly #fromView: RecordSource;

  constructor(parts: FactWriterParts) {
    this.#parts = parts;
    this.#fromStore = storeSource(parts.idc, parts.store);
    this.#fromView = viewSource(parts.state, this.#fromStore);
  }

  /** Writes one fact. Rejects with `store-unavailable` when etcd does not answer in time: it may be written or not. */
  async write(kept: KeptFact): Promise<Result<undefined, ReportRefusal>> {
    return this.#inTime(async () => {
      const [refused] = await this.writeAll([kept]);
      return refused === undefined ? { ok: true, value: undefined } : { ok: false, fault: refused.refusal };
    });
  }

  /** Writes facts in order, in one transaction, and gives back those that do not apply. */
  async writeAll(facts: readonly KeptFact[], company?: Company): Promise<readonly RefusedFact[]> {
    for (let race = 0; race < MAX_RACES; race += 1) {
      const { batch, refused } = await this.#plan(facts, race === 0 ? this.#fromView : this.#fromStore);
      // The view may be behind: only etcd itself refuses.
      if (race === 0 && refused.length > 0) continue;
      if (batch.isEmpty && company === undefined) return refused;
      if (await this.#commit(batch, company)) return refused;
      this.#parts.counters.add('lost-race');
    }
    throw new OperationalError('other writers won every race', { code: 'store-unavailable', retryable: true });
  }

  async #plan(
    facts: readonly KeptFact[],
    source: RecordSource,
  ): Promise<{ readonly batch: FactBatch; readonly refused: readonly RefusedFact[] }> {
    const batch = new FactBatch(this.#parts.idc, source);
    const refused: RefusedFact[] = [];
    for (const kept of facts) {
      const planned = await planFact(this.#parts.idc, kept, batch);
      if (planned.ok) batch.add(planned.value);
      else refused.push({ kept, refusal: planned.fault });
    }
    return { batch, refused };
  }

  async #commit(batch: FactBatch, company: Company = { comparisons: [], writes: [] }): Promise<boolean> {
    const comparisons = [...batch.comparisons, ...company.comparisons];
    const { committed, revision } = await this.#parts.store.transact(comparisons, [...batch.writes, ...company.writes]);
    if (!committed) return false;
    for (const [key, value] of batch.puts) this.#parts.state.adopt(key, value, revision);
    return true;
  }

  #inTime<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const cancel = this.#parts.clock.schedule(WRITE_WITHIN_MS, () => {
        reject(new OperationalError('etcd did not answer in time', { code: 'store-unavailable', retryable: true }));
      });
      void work().then(resolve, reject).finally(cancel);
    });
  }
}

/** Whether etcd is away, as opposed to refusing what it was sent. */
export function isStoreAway(error: unknown): boolean {
  return error instanceof OperationalError && error.retryable;
}
