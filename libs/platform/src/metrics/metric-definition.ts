/** A metric as data: what it is called, what it means, which labels it has. */
interface MetricDefinition<L extends string> {
  /** Prometheus name with unit suffix, e.g. `rw_dhcp_replies_total`. */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly L[];
}

export interface CounterDefinition<L extends string = never> extends MetricDefinition<L> {
  readonly kind: 'counter';
}

export interface GaugeDefinition<L extends string = never> extends MetricDefinition<L> {
  readonly kind: 'gauge';
}

export interface HistogramDefinition<L extends string = never> extends MetricDefinition<L> {
  readonly kind: 'histogram';
  /** Upper bounds, ascending. */
  readonly buckets: readonly number[];
}

/** Values of the labels of one series. */
export type LabelValues<L extends string> = Readonly<Record<L, string>>;

/** Declares a counter; keeps the label names. */
export function defineCounter<const L extends string = never>(
  definition: Omit<CounterDefinition<L>, 'kind'>,
): CounterDefinition<L> {
  return { kind: 'counter', ...definition };
}

/** Declares a gauge; keeps the label names. */
export function defineGauge<const L extends string = never>(
  definition: Omit<GaugeDefinition<L>, 'kind'>,
): GaugeDefinition<L> {
  return { kind: 'gauge', ...definition };
}

/** Declares a histogram; keeps the label names. */
export function defineHistogram<const L extends string = never>(
  definition: Omit<HistogramDefinition<L>, 'kind'>,
): HistogramDefinition<L> {
  return { kind: 'histogram', ...definition };
}

/** Bounds in seconds for things that take from a tenth of a millisecond to ten seconds. */
export const LATENCY_BUCKETS_SECONDS: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];
