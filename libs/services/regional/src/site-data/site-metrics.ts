import { defineCounter, defineGauge, type CounterMetric, type GaugeMetric, type Metrics } from '@rackwright/platform';

/** What a look at the site file came to. */
export type SiteLoadResult = 'loaded' | 'invalid' | 'file-absent' | 'file-too-large' | 'file-unreadable';

const siteLoads = defineCounter({
  name: 'rw_site_file_loads_total',
  help: 'Contents and faults of the site file met, by what became of them.',
  labels: ['result'],
});
const siteMistakes = defineGauge({
  name: 'rw_site_file_mistakes',
  help: 'Mistakes in the site file as it is now; the last good contents are served meanwhile.',
});
const siteMachines = defineGauge({
  name: 'rw_site_file_machines',
  help: 'Machines of the site file that are being served.',
});

/** The series of the site file. */
export class SiteMetrics {
  readonly #loads: CounterMetric<'result'>;
  readonly #mistakes: GaugeMetric<never>;
  readonly #machines: GaugeMetric<never>;

  constructor(metrics: Metrics) {
    this.#loads = metrics.counter(siteLoads);
    this.#mistakes = metrics.gauge(siteMistakes);
    this.#machines = metrics.gauge(siteMachines);
  }

  note(result: SiteLoadResult, mistakes: number): void {
    this.#loads.increment({ result });
    this.#mistakes.set(mistakes);
  }

  serves(machines: number): void {
    this.#machines.set(machines);
  }
}
