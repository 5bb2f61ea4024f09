import type { TaskStatus } from './task.js';

/** What can happen to a task. */
export type TaskAction = 'approve' | 'reject' | 'cancel' | 'start' | 'complete' | 'fail' | 'retry';

/**
 * The state table: for each state, the actions it allows and where they lead. An action that is not listed is
 * refused and changes nothing. `retry` makes a new attempt; the old one goes to history as it is.
 */
export const taskTransitions = {
  pending: { approve: 'approved', reject: 'rejected', cancel: 'cancelled' },
  approved: { start: 'installing', complete: 'completed', fail: 'failed', cancel: 'cancelled' },
  installing: { complete: 'completed', fail: 'failed', cancel: 'cancelled' },
  completed: { retry: 'pending' },
  failed: { retry: 'pending' },
  rejected: { retry: 'pending' },
  cancelled: { retry: 'pending' },
} as const satisfies Record<TaskStatus, Partial<Record<TaskAction, TaskStatus>>>;

/** Where `action` leads from `status`; `undefined` when it is not allowed there. */
export function transitionOf(status: TaskStatus, action: TaskAction): TaskStatus | undefined {
  const allowed: Partial<Record<TaskAction, TaskStatus>> = taskTransitions[status];
  return allowed[action];
}

/** The actions `status` allows, for messages. */
export function actionsOf(status: TaskStatus): readonly TaskAction[] {
  return Object.keys(taskTransitions[status]) as TaskAction[];
}
