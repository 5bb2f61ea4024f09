import {
  defineCounter,
  defineGauge,
  defineHistogram,
  type CounterMetric,
  type HistogramMetric,
  type Metrics,
} from '@rackwright/platform';

const filesTotal = defineCounter({
  name: 'rw_http_files_total',
  help: 'Files asked for over HTTP, by folder and outcome.',
  labels: ['folder', 'outcome'],
});
const bytesTotal = defineCounter({
  name: 'rw_http_file_bytes_total',
  help: 'Octets of files handed to the network, by folder.',
  labels: ['folder'],
});
const errorsTotal = defineCounter({
  name: 'rw_http_file_errors_total',
  help: 'Requests for files that got no file, by folder and HTTP status; 499 is a client that went away.',
  labels: ['folder', 'code'],
});
const seconds = defineHistogram({
  name: 'rw_http_file_seconds',
  help: 'Time to send a file or the part of it that was asked for.',
  labels: ['folder'],
  buckets: [0.001, 0.01, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 1_800],
});
const runningGauge = defineGauge({ name: 'rw_http_transfers', help: 'Files being sent over HTTP.' });

/** Where a file comes from. */
export type ServedFolder = 'ipxe' | 'static' | 'repos' | 'iso';

const outcomeCodes = {
  served: undefined,
  'part-served': undefined,
  'not-modified': undefined,
  probed: undefined,
  'not-found': 404,
  'precondition-failed': 412,
  'range-refused': 416,
  aborted: 499,
  'read-failed': 500,
  'upstream-failed': 502,
  'hash-mismatch': 503,
  overloaded: 503,
  unavailable: 503,
} as const;

/** What became of a request for a file. */
export type FileOutcome = keyof typeof outcomeCodes;

/** Counts what is asked of the file routes. */
export class TransferMetrics {
  readonly #files: CounterMetric<'folder' | 'outcome'>;
  readonly #bytes: CounterMetric<'folder'>;
  readonly #errors: CounterMetric<'folder' | 'code'>;
  readonly #seconds: HistogramMetric<'folder'>;
  #running = 0;
  #served = 0;
  #bytesServed = 0;

  constructor(metrics: Metrics) {
    this.#files = metrics.counter(filesTotal);
    this.#bytes = metrics.counter(bytesTotal);
    this.#errors = metrics.counter(errorsTotal);
    this.#seconds = metrics.histogram(seconds);
    metrics.gauge(runningGauge).readFrom(() => this.#running);
  }

  /** Transfers under way. */
  get running(): number {
    return this.#running;
  }

  /** Files, or parts of them, sent to their end. */
  get served(): number {
    return this.#served;
  }

  get bytesServed(): number {
    return this.#bytesServed;
  }

  ended(folder: ServedFolder, outcome: FileOutcome): void {
    this.#files.increment({ folder, outcome });
    const code = outcomeCodes[outcome];
    if (code !== undefined) this.#errors.increment({ folder, code: String(code) });
  }

  began(): void {
    this.#running += 1;
  }

  transferred(
    folder: ServedFolder,
    outcome: FileOutcome,
    sent: { readonly octets: number; readonly ms: number },
  ): void {
    this.#running -= 1;
    this.#bytesServed += sent.octets;
    if (outcome === 'served' || outcome === 'part-served') this.#served += 1;
    this.#bytes.add(sent.octets, { folder });
    this.#seconds.observe(sent.ms / 1_000, { folder });
    this.ended(folder, outcome);
  }
}
