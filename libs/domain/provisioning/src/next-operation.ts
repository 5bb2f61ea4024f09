import { operations, type Operation, type Task } from './task.js';

/**
 * What the install agent does next: the first operation of this attempt that is not done, so that a restarted agent
 * resumes where it was; `wait` while nothing may be done, `complete` when all is.
 */
export function nextOperation(task: Task): Operation | 'wait' | 'complete' {
  if (task.status === 'completed') return 'complete';
  if (task.status !== 'approved' && task.status !== 'installing') return 'wait';
  return operations.find((operation) => !task.boot.operations_done.includes(operation)) ?? 'complete';
}

/** Whether the machine is to be installed now. */
export function isInInstallQueue(task: Task): boolean {
  return task.status === 'approved' || task.status === 'installing';
}
