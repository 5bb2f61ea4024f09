import { fail, ok, type Instant, type Result } from '@rackwright/kernel';
import { actionsOf, transitionOf, type TaskAction } from './task-transitions.js';
import { emit, withStatus, type TaskEvent, type TaskStep } from './task-event.js';
import type { Approval, Task, TaskStatus } from './task.js';

/** An action the task's state does not allow. */
export interface TaskStateConflict {
  readonly code: 'task-state-conflict';
  readonly status: TaskStatus;
  readonly action: TaskAction;
  /** What the state does allow. */
  readonly allowed: readonly TaskAction[];
}

/** Who decides, when, and why. */
export interface Decision {
  readonly by: string;
  readonly at: Instant;
  readonly reason?: string;
}

const eventOf = {
  approve: 'task.approved',
  reject: 'task.rejected',
  cancel: 'task.cancelled',
  start: 'task.started',
  complete: 'task.completed',
  fail: 'task.failed',
} as const satisfies Record<Exclude<TaskAction, 'retry'>, TaskEvent['type']>;

/** Moves a task through its state table; the fault names what would have been allowed. */
export function moveTask(
  task: Task,
  action: Exclude<TaskAction, 'retry'>,
  decision: Decision,
): Result<TaskStep, TaskStateConflict> {
  const status = transitionOf(task.status, action);
  if (status === undefined) {
    return fail({ code: 'task-state-conflict', status: task.status, action, allowed: actionsOf(task.status) });
  }
  const reason = decision.reason ?? '';
  const moved = withStatus(task, { status, timestamp: decision.at, by: decision.by, reason });
  const data = { by: decision.by, ...(reason === '' ? {} : { reason }) };
  return ok(emit({ task: moved, events: [] }, eventOf[action], data));
}

/** Approves a pending task: from here on its machine may be wiped. */
export function approveTask(task: Task, decision: Decision): Result<TaskStep, TaskStateConflict> {
  const approval: Approval = {
    status: 'approved',
    approved_by: decision.by,
    approved_at: decision.at,
    ...(decision.reason === undefined ? {} : { notes: decision.reason }),
  };
  return moveTask({ ...task, approval }, 'approve', decision);
}

/** Rejects a pending task. */
export function rejectTask(task: Task, decision: Decision): Result<TaskStep, TaskStateConflict> {
  const approval: Approval = {
    status: 'rejected',
    rejected_by: decision.by,
    rejected_at: decision.at,
    ...(decision.reason === undefined ? {} : { reason: decision.reason }),
  };
  return moveTask({ ...task, approval }, 'reject', decision);
}

/** Cancels an unfinished task; a machine that is being installed is left as it is. */
export function cancelTask(task: Task, decision: Decision): Result<TaskStep, TaskStateConflict> {
  return moveTask(task, 'cancel', decision);
}
