import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { CounterDefinition, GaugeDefinition, HistogramDefinition, LabelValues } from './metric-definition.js';

/** Labels are an argument exactly when the metric has some. */
type Labels<L extends string> = [L] extends [never] ? [] : [labels: LabelValues<L>];

export interface CounterMetric<L extends string> {
  increment(...labels: Labels<L>): void;
  add(amount: number, ...labels: Labels<L>): void;
  /** Reads the count of one series, which never falls, at every scrape instead: for what happens too often to tell. */
  readFrom(read: () => number, ...labels: Labels<L>): void;
}

export interface GaugeMetric<L extends string> {
  set(value: number, ...labels: Labels<L>): void;
  add(amount: number, ...labels: Labels<L>): void;
  /** Forgets one series, e.g. of a region that is gone. */
  remove(...labels: Labels<L>): void;
  /** Reads the value of one series at every scrape instead. */
  readFrom(read: () => number, ...labels: Labels<L>): void;
}

export interface HistogramMetric<L extends string> {
  observe(value: number, ...labels: Labels<L>): void;
}

interface CountedElsewhere {
  readonly read: () => number;
  readonly labels: object;
  /** What the series says already. */
  told: number;
}

function sinceLast(source: CountedElsewhere): number {
  const now = source.read();
  const more = now - source.told;
  source.told = now;
  return more;
}

/** The metrics of one process: declared as data, asked for by definition, rendered for Prometheus. */
export class Metrics {
  readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE;
  readonly #registry = new Registry();
  readonly #made = new Map<string, unknown>();

  /** `processMetrics` adds memory, CPU, garbage collection and event-loop lag of this process. */
  constructor(options: { readonly processMetrics?: boolean } = {}) {
    if (options.processMetrics ?? true) collectDefaultMetrics({ register: this.#registry });
  }

  /** The counter of a definition; the same one every time. A counter without labels starts at 0. */
  counter<L extends string>(definition: CounterDefinition<L>): CounterMetric<L> {
    return this.#once(definition.name, () => {
      const sources = new Map<string, CountedElsewhere>();
      const metric = new Counter({
        ...this.#base(definition),
        collect() {
          for (const source of sources.values()) this.inc(source.labels, sinceLast(source));
        },
      });
      return {
        increment: (...labels) => {
          metric.inc(labels[0] ?? {});
        },
        add: (amount, ...labels) => {
          metric.inc(labels[0] ?? {}, amount);
        },
        readFrom: (read, ...labels) => {
          sources.set(JSON.stringify(labels), { read, labels: labels[0] ?? {}, told: 0 });
        },
      } satisfies CounterMetric<L>;
    });
  }

  gauge<L extends string>(definition: GaugeDefinition<L>): GaugeMetric<L> {
    return this.#once(definition.name, () => {
      const sources = new Map<string, { readonly read: () => number; readonly labels: object }>();
      const metric = new Gauge({
        ...this.#base(definition),
        collect() {
          for (const { read, labels } of sources.values()) this.set(labels, read());
        },
      });
      return {
        set: (value, ...labels) => {
          metric.set(labels[0] ?? {}, value);
        },
        add: (amount, ...labels) => {
          metric.inc(labels[0] ?? {}, amount);
        },
        remove: (...labels) => {
          metric.remove(labels[0] ?? {});
        },
        readFrom: (read, ...labels) => {
          sources.set(JSON.stringify(labels), { read, labels: labels[0] ?? {} });
        },
      } satisfies GaugeMetric<L>;
    });
  }

  histogram<L extends string>(definition: HistogramDefinition<L>): HistogramMetric<L> {
    return this.#once(definition.name, () => {
      const metric = new Histogram({ ...this.#base(definition), buckets: [...definition.buckets] });
      return {
        observe: (value, ...labels) => {
          metric.observe(labels[0] ?? {}, value);
        },
      } satisfies HistogramMetric<L>;
    });
  }

  /** The Prometheus text format, with {@link contentType}. */
  render(): Promise<string> {
    return this.#registry.metrics();
  }

  #base<L extends string>(definition: {
    readonly name: string;
    readonly help: string;
    readonly labels?: readonly L[];
  }): { name: string; help: string; labelNames: L[]; registers: Registry[] } {
    const { name, help, labels } = definition;
    return { name, help, labelNames: [...(labels ?? [])], registers: [this.#registry] };
  }

  #once<M>(name: string, make: () => M): M {
    const found = this.#made.get(name) as M | undefined;
    if (found !== undefined) return found;
    const made = make();
    this.#made.set(name, made);
    return made;
  }
}
