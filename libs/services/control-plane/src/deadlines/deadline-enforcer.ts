import type { Clock, Logger } from '@rackwright/kernel';
import { expireTask, type DeadlineSettings, type Task, type TaskStatus } from '@rackwright/domain-provisioning';
import {
  encodeRecord,
  keyspace,
  outboxWrites,
  taskEnvelopes,
  type Comparison,
  type Store,
  type TaskRecord,
} from '@rackwright/contracts';
import { defineCounter, runWithTraceparent, type Metrics } from '@rackwright/platform';
import type { Stored } from '../state-view/record-table.js';
import type { StateView } from '../state-view/state-view.js';
import { ReadRecords } from '../store/read-records.js';
import { unchangedSince, writeChange, type PlannedChange } from '../store/written-change.js';
import { taskOf } from '../tasks/task-record.js';
import { deadlinesOf } from './deadline-settings.js';
import { regionSilence } from './region-silence.js';

const expired = defineCounter({ name: 'rw_tasks_expired_total', help: 'Tasks failed because a deadline passed' });

/** The states that have a deadline. */
const TIMED: readonly TaskStatus[] = ['approved', 'installing'];

export interface EnforcerParts {
  readonly store: Store;
  readonly view: StateView;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly deadlines: DeadlineSettings;
  /**
   * How long after a region, or the store, came back its machines' silence still does not count: the reports kept
   * meanwhile arrive first.
   */
  readonly graceMs: number;
}

/** Fails tasks whose deadline has passed; a duty of the leader. */
export class DeadlineEnforcer {
  readonly #parts: EnforcerParts;

  constructor(parts: EnforcerParts) {
    this.#parts = parts;
  }

  /** One look at all tasks. `guard` makes the store refuse a leader that has been replaced. */
  async enforce(guard: Comparison, signal: AbortSignal): Promise<void> {
    const { view, logger } = this.#parts;
    for (const stored of view.live.tasks.list()) {
      if (signal.aborted) return;
      if (!TIMED.includes(stored.value.status)) continue;
      if (this.#expire(taskOf(stored.value)) === undefined) continue;
      try {
        await this.#fail(stored, guard);
      } catch (err) {
        logger.warn({ err, key: stored.key }, 'a deadline could not be enforced; next time');
      }
    }
  }

  async #fail({ key, value }: Stored<TaskRecord>, guard: Comparison): Promise<void> {
    const { store, logger, metrics } = this.#parts;
    await runWithTraceparent(value.traceparent, async () => {
      const { outcome } = await writeChange(store, () => this.#plan(key, guard));
      if (outcome === undefined) return;
      metrics.counter(expired).increment();
      const { idc, sn, task_id, status_history } = outcome;
      logger.info({ idc, sn, task_id, reason: status_history.at(-1)?.reason }, 'task failed by its deadline');
    });
  }

  /** Decided on what the store holds, not on the view: the machine may just have reported. */
  async #plan(key: string, guard: Comparison): Promise<PlannedChange<Task | undefined>> {
    const nothing = { comparisons: [], writes: [], outcome: undefined, witness: key };
    const ids = keyspace.task.parse(key);
    const records = await ReadRecords.of(this.#parts.store, [key, guard.key]);
    const found = ids === undefined ? undefined : records.get(keyspace.task, ids);
    const step = found === undefined ? undefined : this.#expire(taskOf(found.value));
    if (found === undefined || step === undefined || !records.satisfies(guard)) return nothing;
    return {
      comparisons: [unchangedSince(key, found), guard],
      writes: [
        { kind: 'put', key, value: encodeRecord(step.task) },
        ...outboxWrites(taskEnvelopes(step.task, step.events, step.task.traceparent)),
      ],
      outcome: step.task,
      witness: key,
    };
  }

  /** The step that fails the task; `undefined` while it may go on. */
  #expire(task: Task): { readonly task: Task; readonly events: Parameters<typeof taskEnvelopes>[1] } | undefined {
    const settings = this.#settingsFor(task);
    if (settings === undefined) return undefined;
    const step = expireTask(task, settings, this.#parts.clock.now());
    return step.ok && step.value.events.length > 0 ? step.value : undefined;
  }

  #settingsFor({ idc, status }: Task): DeadlineSettings | undefined {
    const { view, clock, deadlines, graceMs } = this.#parts;
    const { syncedAtMs } = view;
    if (syncedAtMs === undefined || clock.monotonicMs() - syncedAtMs < graceMs) return undefined;
    const settings = deadlinesOf(deadlines, view.live.settings.get({ idc })?.value);
    if (regionSilence(view.live, idc, { now: clock.now(), graceMs }) === 'counts') return settings;
    // An unreachable region cannot tell of a first boot or of progress; only the whole installation's time counts.
    return status === 'installing' ? { ...settings, silenceMs: Number.POSITIVE_INFINITY } : undefined;
  }
}
