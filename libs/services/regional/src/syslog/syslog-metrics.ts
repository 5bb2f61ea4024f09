import { defineCounter, defineGauge, type CounterMetric, type Metrics } from '@rackwright/platform';

export type SyslogTransport = 'udp' | 'tcp';

/**
 * What became of a message. `unknown-source`: no machine has the address; `no-task`: the machine has no unfinished task;
 * `not-kept`: the log stream and the disk had no room.
 */
export type SyslogResult = 'kept' | 'unknown-source' | 'no-task' | 'rate-limited' | 'queue-full' | 'not-kept';

const syslogMessages = defineCounter({
  name: 'rw_syslog_messages_total',
  help: 'Syslog messages of machines, by transport and by what became of them.',
  labels: ['transport', 'result'],
});
const syslogConnections = defineGauge({
  name: 'rw_syslog_connections',
  help: 'TCP connections of syslog that are open.',
});
const connectionsRefused = defineCounter({
  name: 'rw_syslog_connections_refused_total',
  help: 'TCP connections of syslog closed at once, because there were too many.',
});

/** The series of syslog. */
export class SyslogMetrics {
  readonly #messages: CounterMetric<'transport' | 'result'>;
  readonly #refused: CounterMetric<never>;

  constructor(metrics: Metrics, connections: () => number) {
    this.#messages = metrics.counter(syslogMessages);
    this.#refused = metrics.counter(connectionsRefused);
    metrics.gauge(syslogConnections).readFrom(connections);
  }

  count(transport: SyslogTransport, result: SyslogResult): void {
    this.#messages.increment({ transport, result });
  }

  countRefused(): void {
    this.#refused.increment();
  }
}
