import type { Instant } from '@rackwright/kernel';
import { MAX_STATUS_CHANGES, type StatusChange, type Task } from './task.js';

/** Something that happened to a task, numbered within it. */
export interface TaskEvent {
  readonly type:
    | 'task.created'
    | 'task.approved'
    | 'task.rejected'
    | 'task.started'
    | 'task.progressed'
    | 'task.completed'
    | 'task.failed'
    | 'task.cancelled';
  /** `{task_id}-{number}`: the same change always yields the same id. */
  readonly id: string;
  readonly at: Instant;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A task after a step, and what to tell the world; no event means that nothing changed. */
export interface TaskStep {
  readonly task: Task;
  readonly events: readonly TaskEvent[];
}

/** A step that changes nothing: the same report arrived before. */
export function unchanged(task: Task): TaskStep {
  return { task, events: [] };
}

/** Adds the next event of `task`, with the facts every reader needs to show it. */
export function emit(step: TaskStep, type: TaskEvent['type'], data: Readonly<Record<string, unknown>> = {}): TaskStep {
  const number = step.task.event_count + 1;
  const task: Task = { ...step.task, event_count: number };
  const event: TaskEvent = {
    type,
    id: `${task.task_id}-${String(number)}`,
    at: task.updated_at,
    data: { task_id: task.task_id, sn: task.sn, status: task.status, percent: task.percent, ...data },
  };
  return { task, events: [...step.events, event] };
}

/** Moves a task to the status of `change` and records it. */
export function withStatus(task: Task, change: StatusChange): Task {
  return {
    ...task,
    status: change.status,
    status_history: [...task.status_history, change].slice(-MAX_STATUS_CHANGES),
    updated_at: change.timestamp,
  };
}
