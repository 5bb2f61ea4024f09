import type { TransferReport } from '@rackwright/contracts';
import {
  defineCounter,
  defineGauge,
  defineHistogram,
  type CounterMetric,
  type HistogramMetric,
  type Metrics,
} from '@rackwright/platform';
import { ErrorCode } from '@rackwright/protocol-tftp';

const transfersTotal = defineCounter({
  name: 'rw_tftp_transfers_total',
  help: 'TFTP requests, by what became of them.',
  labels: ['result'],
});
const bytesTotal = defineCounter({ name: 'rw_tftp_bytes_total', help: 'Octets acknowledged by TFTP clients.' });
const retransmissionsTotal = defineCounter({
  name: 'rw_tftp_retransmissions_total',
  help: 'Time-outs of TFTP transfers.',
});
const errorsTotal = defineCounter({
  name: 'rw_tftp_errors_total',
  help: 'TFTP ERROR packets, by their code and by who sent them.',
  labels: ['code', 'from'],
});
const seconds = defineHistogram({
  name: 'rw_tftp_transfer_seconds',
  help: 'Time of a TFTP transfer from its request to its end.',
  labels: ['result'],
  buckets: [0.001, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 1_800],
});
const sessionsGauge = defineGauge({ name: 'rw_tftp_sessions', help: 'TFTP transfers running.' });

/** What became of a request. */
export type TftpResult =
  | 'completed'
  | 'probed'
  | 'aborted-by-client'
  | 'timed-out'
  | 'failed'
  | 'not-found'
  | 'forbidden'
  | 'refused'
  | 'overloaded'
  | 'unavailable'
  | 'garbage';

/** Counts transfers for Prometheus, the heartbeat and the status page. */
export class TftpMetrics {
  readonly #transfers: CounterMetric<'result'>;
  readonly #bytes: CounterMetric<never>;
  readonly #retransmissions: CounterMetric<never>;
  readonly #errors: CounterMetric<'code' | 'from'>;
  readonly #seconds: HistogramMetric<'result'>;
  readonly #counts = new Map<TftpResult, number>();
  #bytesServed = 0;

  constructor(metrics: Metrics, sessions: () => number) {
    this.#transfers = metrics.counter(transfersTotal);
    this.#bytes = metrics.counter(bytesTotal);
    this.#retransmissions = metrics.counter(retransmissionsTotal);
    this.#errors = metrics.counter(errorsTotal);
    this.#seconds = metrics.histogram(seconds);
    metrics.gauge(sessionsGauge).readFrom(sessions);
  }

  /** A request that led to no transfer, and the code of the ERROR it was answered with, if it was. */
  refused(result: TftpResult, errorCode: number | undefined): void {
    this.#count(result);
    if (errorCode !== undefined) this.#sentError(errorCode);
  }

  /** A transfer is over. */
  transferred({ outcome, acknowledgedBytes, retransmissions, strangers }: TransferReport, ms: number): void {
    this.#count(outcome.kind);
    this.#seconds.observe(ms / 1_000, { result: outcome.kind });
    this.#bytesServed += acknowledgedBytes;
    this.#bytes.add(acknowledgedBytes);
    this.#retransmissions.add(retransmissions);
    if (strangers > 0) this.#errors.add(strangers, { code: String(ErrorCode.unknownTransferId), from: 'server' });
    if ('errorCode' in outcome) this.#errors.increment({ code: String(outcome.errorCode), from: 'client' });
    if (outcome.kind !== 'failed') return;
    this.#sentError(outcome.reason === 'unexpected-packet' ? ErrorCode.illegalOperation : ErrorCode.notDefined);
  }

  #sentError(code: number): void {
    this.#errors.increment({ code: String(code), from: 'server' });
  }

  #count(result: TftpResult): void {
    this.#counts.set(result, this.count(result) + 1);
    this.#transfers.increment({ result });
  }

  count(result: TftpResult): number {
    return this.#counts.get(result) ?? 0;
  }

  get total(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  get bytesServed(): number {
    return this.#bytesServed;
  }
}
