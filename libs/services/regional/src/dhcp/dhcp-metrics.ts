import type { LeaseTable, Reply } from '@rackwright/domain-netboot';
import {
  defineCounter,
  defineGauge,
  defineHistogram,
  type CounterMetric,
  type HistogramMetric,
  type Metrics,
} from '@rackwright/platform';
import { SeriesCounts } from './series-counts.js';

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
const queueDroppedTotal = defineCounter({
  name: 'rw_dhcp_queue_dropped_total',
  help: 'DHCP messages dropped because dhcp.queue_limit others were waiting for the disk or a probe.',
});
const bootRefusedTotal = defineCounter({
  name: 'rw_dhcp_boot_refused_total',
  help: 'Boot clients that were given nothing to boot, by reason.',
  labels: ['reason'],
});
const broadcastFallbackTotal = defineCounter({
  name: 'rw_dhcp_broadcast_fallback_total',
  help: 'Replies broadcast because no frame could be sent to the network card of the client alone.',
});
const conflictsTotal = defineCounter({
  name: 'rw_dhcp_conflicts_total',
  help: 'Addresses that answered a probe before they were offered, now in quarantine.',
});
const replySeconds = defineHistogram({
  name: 'rw_dhcp_reply_seconds',
  help: 'From the arrival of a DHCP message to its reply, the write to disk included.',
  buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
});
const leasesGauge = defineGauge({
  name: 'rw_dhcp_leases',
  help: 'Addresses by state: offered ones, and records of leases.',
  labels: ['state'],
});

const replyTallies = { offer: 'offers', ack: 'acks', nak: 'naks', bootp: 'bootp_replies' } as const;
type Tally = 'received' | (typeof replyTallies)[Reply['type']] | 'silent' | 'dropped' | 'send_errors';

/** Counts messages for Prometheus, the heartbeat and the status page. */
export class DhcpMetrics {
  readonly #received: SeriesCounts;
  readonly #sent: SeriesCounts;
  readonly #silence: SeriesCounts;
  readonly #queueDropped: CounterMetric<never>;
  readonly #bootRefused: CounterMetric<'reason'>;
  readonly #broadcastFallback: CounterMetric<never>;
  readonly #conflicts: CounterMetric<never>;
  readonly #replySeconds: HistogramMetric<never>;
  readonly #tallies: Record<Tally, number> = {
    received: 0,
    offers: 0,
    acks: 0,
    naks: 0,
    bootp_replies: 0,
    silent: 0,
    dropped: 0,
    send_errors: 0,
  };

  constructor(metrics: Metrics, table: LeaseTable) {
    const packets = metrics.counter(packetsTotal);
    const silence = metrics.counter(silenceTotal);
    this.#received = new SeriesCounts((read, type) => {
      packets.readFrom(read, { type, direction: 'in' });
    });
    this.#sent = new SeriesCounts((read, type) => {
      packets.readFrom(read, { type, direction: 'out' });
    });
    this.#silence = new SeriesCounts((read, reason) => {
      silence.readFrom(read, { reason });
    });
    this.#queueDropped = metrics.counter(queueDroppedTotal);
    this.#bootRefused = metrics.counter(bootRefusedTotal);
    this.#broadcastFallback = metrics.counter(broadcastFallbackTotal);
    this.#conflicts = metrics.counter(conflictsTotal);
    this.#replySeconds = metrics.histogram(replySeconds);
    const leases = metrics.gauge(leasesGauge);
    for (const state of ['active', 'released', 'expired', 'declined'] as const) {
      leases.readFrom(() => table.count(state), { state });
    }
    leases.readFrom(() => table.heldCount, { state: 'offered' });
  }

  received(type: string): void {
    this.#tallies.received += 1;
    this.#received.increment(type);
  }

  /** `seconds`: since the message came in. */
  sent(type: Reply['type'], seconds: number): void {
    this.#tallies[replyTallies[type]] += 1;
    this.#sent.increment(type);
    this.#replySeconds.observe(seconds);
  }

  silent(reason: string): void {
    this.#tallies.silent += 1;
    this.#silence.increment(reason);
  }

  dropped(reason: 'overloaded' | 'rate-limited' | 'disk-failed'): void {
    this.#tallies.dropped += 1;
    this.#silence.increment(reason);
    if (reason === 'overloaded') this.#queueDropped.increment();
  }

  bootRefused(reason: string): void {
    this.#bootRefused.increment({ reason });
  }

  fellBackToBroadcast(): void {
    this.#broadcastFallback.increment();
  }

  foundConflict(): void {
    this.#conflicts.increment();
  }

  sendFailed(): void {
    this.#tallies.send_errors += 1;
  }

  get tallies(): Readonly<Record<Tally, number>> {
    return this.#tallies;
  }
}
