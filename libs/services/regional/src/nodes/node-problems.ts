import { formatMac, type Mac } from '@rackwright/kernel';
import type { Task } from '@rackwright/domain-provisioning';
import { ProblemError } from '@rackwright/platform';

/** Where a node is found. */
export function nodePath(mac: Mac): string {
  return `/api/v1/nodes/${mac}`;
}

export function nodeNotFound(mac: string): ProblemError {
  return new ProblemError('node-not-found', `There is no node ${mac} in this data centre`);
}

export function nodeExists(mac: Mac): ProblemError {
  return new ProblemError('node-exists', `The node ${formatMac(mac)} exists already`, {
    headers: { location: nodePath(mac) },
  });
}

export function taskActive(task: Task): ProblemError {
  return new ProblemError('task-active', `Machine ${task.sn} has the unfinished task ${task.task_id} (${task.status})`);
}
