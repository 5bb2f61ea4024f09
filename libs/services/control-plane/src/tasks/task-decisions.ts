import { formatInstant, type Clock, type Result } from '@rackwright/kernel';
import {
  approveTask,
  cancelTask,
  isUnfinished,
  rejectTask,
  type Decision,
  type Task,
  type TaskStateConflict,
  type TaskStep,
} from '@rackwright/domain-provisioning';
import {
  encodeRecord,
  keyspace,
  outboxWrites,
  taskEnvelopes,
  type ApproveTask,
  type ServerRecord,
  type Store,
  type StoreEntry,
  type TaskReason,
  type TaskRecord,
} from '@rackwright/contracts';
import { currentTraceparent, requireMatch, type IfMatch } from '@rackwright/platform';
import type { Stored } from '../state-view/record-table.js';
import type { StateView } from '../state-view/state-view.js';
import { fromStore, viewFirst, type ReadKeys } from '../store/view-first.js';
import { unchangedSince, writeChange, type PlannedChange } from '../store/written-change.js';
import { historyWrite } from './plan-attempt.js';
import { machineInMaintenance, taskActive, taskNotFound, taskStateConflict, type TaskPlace } from './task-problems.js';
import { taskOf } from './task-record.js';
import type { WrittenTask } from './task-creation.js';

/** Who asks, and for which revision of the task. */
export interface Asking {
  readonly by: string;
  readonly ifMatch: IfMatch;
}

export interface DecisionParts {
  readonly store: Store;
  readonly view: StateView;
  readonly clock: Clock;
}

interface Found {
  readonly task: Stored<TaskRecord>;
  readonly server: Stored<ServerRecord> | undefined;
}

type Decide = (task: Task, decision: Decision) => Result<TaskStep, TaskStateConflict>;

/** What people decide about tasks. Throws `ProblemError` when the state does not allow it; nothing changes then. */
export class TaskDecisions {
  readonly #parts: DecisionParts;

  constructor(parts: DecisionParts) {
    this.#parts = parts;
  }

  /** Approves a pending task; `approved: false` rejects it. */
  async approve(at: TaskPlace, body: ApproveTask, asking: Asking): Promise<WrittenTask> {
    if (body.approved === false) return this.reject(at, reasonOf(body.reason ?? body.notes), asking);
    return this.#decide(at, asking, { decide: approveTask, reason: body.notes, isStart: true });
  }

  async reject(at: TaskPlace, body: TaskReason, asking: Asking): Promise<WrittenTask> {
    return this.#decide(at, asking, { decide: rejectTask, reason: body.reason });
  }

  async cancel(at: TaskPlace, body: TaskReason, asking: Asking): Promise<WrittenTask> {
    return this.#decide(at, asking, { decide: cancelTask, reason: body.reason });
  }

  /** Deletes a finished task; its attempt stays in the history. */
  async remove(at: TaskPlace, ifMatch: IfMatch): Promise<void> {
    const { store } = this.#parts;
    await writeChange(store, async () => {
      const { task } = await readTask(fromStore(store), at, ifMatch);
      if (isUnfinished(task.value.status)) throw taskActive(task.value);
      return {
        comparisons: [unchangedSince(task.key, task)],
        writes: [historyWrite(task), { kind: 'delete', key: task.key }],
        outcome: undefined,
        witness: task.key,
      };
    });
  }

  async #decide(
    at: TaskPlace,
    asking: Asking,
    how: { readonly decide: Decide; readonly reason?: string | undefined; readonly isStart?: boolean },
  ): Promise<WrittenTask> {
    const decision: Decision = {
      by: asking.by,
      at: formatInstant(this.#parts.clock.now()),
      ...(how.reason === undefined ? {} : { reason: how.reason }),
    };
    const plan = viewFirst(this.#parts, async (read) => {
      const found = await readTask(read, at, asking.ifMatch);
      const step = how.decide(taskOf(found.task.value), decision);
      if (!step.ok) throw taskStateConflict(step.fault);
      if (how.isStart === true && found.server?.value.maintenance === true) throw machineInMaintenance(at);
      return planStep(found, step.value, decision);
    });
    const { outcome, revision } = await writeChange(this.#parts.store, plan);
    return { task: outcome, revision };
  }
}

async function readTask(read: ReadKeys, { idc, sn }: TaskPlace, ifMatch: IfMatch): Promise<Found> {
  const records = await read([keyspace.task.key({ idc, sn }), keyspace.server.key({ idc, sn })]);
  const task = records.get(keyspace.task, { idc, sn });
  if (task === undefined) throw taskNotFound({ idc, sn });
  requireMatch(ifMatch, task.revision);
  return { task, server: records.get(keyspace.server, { idc, sn }) };
}

function reasonOf(reason: string | undefined): TaskReason {
  return reason === undefined ? {} : { reason };
}

function planStep(found: Found, { task, events }: TaskStep, decision: Decision): PlannedChange<Task> {
  const { idc, sn } = task;
  return {
    comparisons: [
      unchangedSince(found.task.key, found.task),
      unchangedSince(keyspace.server.key({ idc, sn }), found.server),
    ],
    writes: [
      { kind: 'put', key: found.task.key, value: encodeRecord(task) },
      ...outboxWrites(taskEnvelopes(task, events, currentTraceparent())),
    ],
    outcome: task,
    witness: found.task.key,
    isWritten: (entry) => isDecidedBy(entry, task, decision),
  };
}

/** The region may have written the task since; the decision is in its history all the same. */
function isDecidedBy(entry: StoreEntry, task: Task, decision: Decision): boolean {
  const stored = JSON.parse(entry.value) as Partial<Task>;
  const { status } = task;
  return (
    stored.task_id === task.task_id &&
    stored.status_history?.some(
      (change) => change.status === status && change.by === decision.by && change.timestamp === decision.at,
    ) === true
  );
}
