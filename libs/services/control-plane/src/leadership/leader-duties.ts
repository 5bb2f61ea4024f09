import { sleep, type Clock, type Logger } from '@rackwright/kernel';
import type { Comparison } from '@rackwright/contracts';
import { defineGauge, type Metrics } from '@rackwright/platform';
import type { DeadlineEnforcer } from '../deadlines/deadline-enforcer.js';
import type { PresenceAnnouncer } from '../deadlines/presence-announcer.js';
import type { OutboxPublisher } from '../events/outbox-publisher.js';
import type { StateView } from '../state-view/state-view.js';

const leading = defineGauge({
  name: 'rw_leader',
  help: '1 on the replica that enforces deadlines and publishes events',
});

export interface DutyParts {
  readonly view: StateView;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly publisher: OutboxPublisher;
  readonly enforcer: DeadlineEnforcer;
  readonly announcer: PresenceAnnouncer;
  /** Between two looks at deadlines and regions. */
  readonly periodMs: number;
}

/** What exactly one replica does at a time. Returns once `signal` is aborted. */
export async function leadControlPlane(parts: DutyParts, signal: AbortSignal, guard: Comparison): Promise<void> {
  const gauge = parts.metrics.gauge(leading);
  gauge.set(1);
  try {
    await Promise.all([parts.publisher.run(signal), watchOverTime(parts, signal, guard)]);
  } finally {
    gauge.set(0);
  }
}

async function watchOverTime(parts: DutyParts, signal: AbortSignal, guard: Comparison): Promise<void> {
  const { view, clock, announcer, enforcer, periodMs } = parts;
  while (!signal.aborted) {
    if (view.syncedAtMs !== undefined) {
      await announcer.announce(guard, signal);
      await enforcer.enforce(guard, signal);
    }
    await sleep(clock, periodMs, signal).catch(() => undefined);
  }
}
