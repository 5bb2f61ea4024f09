import { defineCounter, type Metrics } from '@rackwright/platform';
import type { CounterMetric } from '@rackwright/platform';

const factsTotal = defineCounter({
  name: 'rw_region_facts_total',
  help: 'Facts about machines, by what became of them.',
  labels: ['outcome'],
});

/** What became of a fact. */
export type FactOutcome = 'written' | 'kept' | 'replayed' | 'refused' | 'refused-on-replay' | 'dropped' | 'lost-race';

/** Counts facts by outcome, for Prometheus and for the heartbeat. */
export class FactCounters {
  readonly #counts = new Map<FactOutcome, number>();
  readonly #metric: CounterMetric<'outcome'>;

  constructor(metrics: Metrics) {
    this.#metric = metrics.counter(factsTotal);
  }

  add(outcome: FactOutcome, amount = 1): void {
    this.#counts.set(outcome, this.get(outcome) + amount);
    this.#metric.add(amount, { outcome });
  }

  get(outcome: FactOutcome): number {
    return this.#counts.get(outcome) ?? 0;
  }
}
