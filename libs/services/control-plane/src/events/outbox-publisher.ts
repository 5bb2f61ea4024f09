import { backoffMs, sleep, type Backoff, type Cancel, type Clock, type Logger, type Random } from '@rackwright/kernel';
import type { EventEnvelope, EventType, MessageBus, OutboxRecord, Store } from '@rackwright/contracts';
import { defineCounter, defineGauge, type Metrics } from '@rackwright/platform';
import type { Stored } from '../state-view/record-table.js';
import type { StateView } from '../state-view/state-view.js';
import { WakeUp } from '../leadership/wake-up.js';

/** Events of one moment travel together: each publication wakes three processes. Nobody watching notices the delay. */
const GATHER_MS = 15;
/** Events on their way to the stream at once. */
const PUBLISH_BATCH = 64;
/** Keys deleted in one transaction; a transaction may hold 128 writes. */
const DELETE_BATCH = 100;
/** Deletions wait for company: one by one they would double the writes of the store. Far below the stream's window. */
const DELETE_AFTER_MS = 100;
const RETRY: Backoff = { retryMinMs: 100, retryMaxMs: 5_000 };

const published = defineCounter({
  name: 'rw_outbox_published_total',
  help: 'Events moved from the outbox to the stream',
});
const waiting = defineGauge({ name: 'rw_outbox_waiting', help: 'Events in the outbox that are not in the stream yet' });

export interface PublisherParts {
  readonly store: Store;
  readonly bus: MessageBus;
  readonly view: StateView;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** `{task_id}-{n}` in numeric order, so that the tenth event comes after the ninth. */
function compareIds(left: string, right: string): number {
  const [leftNumber, rightNumber] = [left, right].map((id) => Number(/(\d+)$/.exec(id)?.[1] ?? 0));
  if (leftNumber !== undefined && rightNumber !== undefined && leftNumber !== rightNumber) {
    return leftNumber - rightNumber;
  }
  return left < right ? -1 : 1;
}

/** The order events happened in: by revision, and by number among those of one transaction. */
export function inOrder(left: Stored<OutboxRecord>, right: Stored<OutboxRecord>): number {
  if (left.revision !== right.revision) return left.revision < right.revision ? -1 : 1;
  return compareIds(left.value.id, right.value.id);
}

/**
 * Moves events from the outbox to the stream in the order they happened; a duty of the leader. A key is deleted only
 * after the stream has acknowledged its event, and publishing twice stores once, so a crash at any point is harmless.
 */
export class OutboxPublisher {
  readonly #parts: PublisherParts;
  /** In the stream, and not yet seen deleted. */
  readonly #published = new Set<string>();
  /** In the stream, and not yet deleted. */
  readonly #finished = new Set<string>();
  #deletion: Cancel | undefined;
  #isDeletionDue = false;

  constructor(parts: PublisherParts) {
    this.#parts = parts;
    parts.metrics.gauge(waiting).readFrom(() => this.#waiting().length);
  }

  /** Publishes until `signal` is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { view, clock, random, logger } = this.#parts;
    this.#published.clear();
    this.#finished.clear();
    const change = new WakeUp(signal);
    const cancel = view.onChanged(() => {
      change.notify();
    });
    let failures = 0;
    while (!signal.aborted) {
      try {
        await this.#drain(signal);
        this.#planDeletion(change);
        if (failures > 0) logger.info({}, 'events are being published again');
        failures = 0;
        await change.next();
        await sleep(clock, GATHER_MS, signal).catch(() => undefined);
      } catch (err) {
        failures += 1;
        if (failures === 1) logger.warn({ err }, 'events wait in the outbox');
        await sleep(clock, backoffMs(RETRY, failures, random), signal).catch(() => undefined);
      }
    }
    cancel();
    await this.#finish();
  }

  #waiting(): readonly Stored<OutboxRecord>[] {
    return this.#parts.view.live.outbox.list().filter(({ key }) => !this.#published.has(key));
  }

  async #drain(signal: AbortSignal): Promise<void> {
    // A part of the outbox may hold a later event without an earlier one.
    if (!this.#parts.view.isWhole) return;
    this.#forgetDeleted(this.#parts.view.live.outbox.list());
    const waiting = [...this.#waiting()].sort(inOrder);
    for (let from = 0; from < waiting.length && !signal.aborted; from += PUBLISH_BATCH) {
      await this.#publish(waiting.slice(from, from + PUBLISH_BATCH));
    }
    if (this.#isDeletionDue) await this.#deleteFinished();
  }

  async #publish(batch: readonly Stored<OutboxRecord>[]): Promise<void> {
    const { bus, metrics } = this.#parts;
    await bus.publishEvents(batch.map(({ value }) => envelopeOf(value)));
    for (const { key } of batch) {
      this.#published.add(key);
      this.#finished.add(key);
    }
    metrics.counter(published).add(batch.length);
  }

  #planDeletion(change: WakeUp): void {
    if (this.#finished.size === 0 || this.#deletion !== undefined) return;
    this.#deletion = this.#parts.clock.schedule(DELETE_AFTER_MS, () => {
      this.#deletion = undefined;
      this.#isDeletionDue = true;
      change.notify();
    });
  }

  async #deleteFinished(): Promise<void> {
    const keys = [...this.#finished];
    for (let from = 0; from < keys.length; from += DELETE_BATCH) {
      const batch = keys.slice(from, from + DELETE_BATCH);
      await this.#parts.store.transact(
        [],
        batch.map((key) => ({ kind: 'delete', key })),
      );
      for (const key of batch) this.#finished.delete(key);
    }
    this.#isDeletionDue = false;
  }

  /** Events left behind would be published again, and after a long pause the stream would not know them any more. */
  async #finish(): Promise<void> {
    this.#deletion?.();
    this.#deletion = undefined;
    await this.#deleteFinished().catch((err: unknown) => {
      this.#parts.logger.warn({ err }, 'published events stay in the outbox');
    });
  }

  #forgetDeleted(present: readonly Stored<OutboxRecord>[]): void {
    const keys = new Set(present.map(({ key }) => key));
    for (const key of this.#published) if (!keys.has(key)) this.#published.delete(key);
  }
}

function envelopeOf(record: OutboxRecord): EventEnvelope {
  return { ...record, type: record.type as EventType };
}
