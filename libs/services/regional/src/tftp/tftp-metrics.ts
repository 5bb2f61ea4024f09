import { defineCounter, defineGauge, type CounterMetric, type Metrics } from '@rackwright/platform';

const requestsTotal = defineCounter({
  name: 'rw_tftp_requests_total',
  help: 'TFTP requests, by what became of them.',
  labels: ['outcome'],
});
const bytesTotal = defineCounter({ name: 'rw_tftp_bytes_total', help: 'Octets acknowledged by TFTP clients.' });
const retransmissionsTotal = defineCounter({
  name: 'rw_tftp_retransmissions_total',
  help: 'Time-outs of TFTP transfers.',
});
const sessionsGauge = defineGauge({ name: 'rw_tftp_sessions', help: 'TFTP transfers running.' });

/** What became of a request. */
export type TftpOutcome =
  | 'completed'
  | 'probed'
  | 'aborted-by-client'
  | 'timed-out'
  | 'failed'
  | 'not-found'
  | 'forbidden'
  | 'refused'
  | 'overloaded'
  | 'garbage';

/** Counts transfers for Prometheus, the heartbeat and the status page. */
export class TftpMetrics {
  readonly #requests: CounterMetric<'outcome'>;
  readonly #bytes: CounterMetric<never>;
  readonly #retransmissions: CounterMetric<never>;
  readonly #counts = new Map<TftpOutcome, number>();
  #bytesServed = 0;

  constructor(metrics: Metrics, sessions: () => number) {
    this.#requests = metrics.counter(requestsTotal);
    this.#bytes = metrics.counter(bytesTotal);
    this.#retransmissions = metrics.counter(retransmissionsTotal);
    metrics.gauge(sessionsGauge).readFrom(sessions);
  }

  ended(outcome: TftpOutcome): void {
    this.#counts.set(outcome, this.count(outcome) + 1);
    this.#requests.increment({ outcome });
  }

  transferred(octets: number, retransmissions: number): void {
    this.#bytesServed += octets;
    this.#bytes.add(octets);
    this.#retransmissions.add(retransmissions);
  }

  count(outcome: TftpOutcome): number {
    return this.#counts.get(outcome) ?? 0;
  }

  get total(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  get bytesServed(): number {
    return this.#bytesServed;
  }
}
