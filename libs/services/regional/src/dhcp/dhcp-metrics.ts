import { defineCounter, type CounterMetric, type Metrics } from '@rackwright/platform';

const packetsTotal = defineCounter({
  name: 'rw_dhcp_packets_total',
  help: 'DHCP messages received and sent.',
  labels: ['type', 'direction'],
});
const silenceTotal = defineCounter({
  name: 'rw_dhcp_silence_total',
  help: 'DHCP messages that were not answered, by reason.',
  labels: ['reason'],
});

type Tally = 'received' | 'offers' | 'acks' | 'naks' | 'silent' | 'dropped' | 'send_errors';

/** Counts messages for Prometheus, the heartbeat and the status page. */
export class DhcpMetrics {
  readonly #packets: CounterMetric<'type' | 'direction'>;
  readonly #silence: CounterMetric<'reason'>;
  readonly #tallies: Record<Tally, number> = {
    received: 0,
    offers: 0,
    acks: 0,
    naks: 0,
    silent: 0,
    dropped: 0,
    send_errors: 0,
  };

  constructor(metrics: Metrics) {
    this.#packets = metrics.counter(packetsTotal);
    this.#silence = metrics.counter(silenceTotal);
  }

  received(type: string): void {
    this.#tallies.received += 1;
    this.#packets.increment({ type, direction: 'in' });
  }

  sent(type: 'offer' | 'ack' | 'nak'): void {
    this.#tallies[`${type}s`] += 1;
    this.#packets.increment({ type, direction: 'out' });
  }

  silent(reason: string): void {
    this.#tallies.silent += 1;
    this.#silence.increment({ reason });
  }

  dropped(reason: 'overloaded' | 'rate-limited' | 'disk-failed'): void {
    this.#tallies.dropped += 1;
    this.#silence.increment({ reason });
  }

  sendFailed(): void {
    this.#tallies.send_errors += 1;
  }

  get tallies(): Readonly<Record<Tally, number>> {
    return this.#tallies;
  }
}
