import type { Idc, Sn } from '@rackwright/kernel';
import type { TaskStateConflict } from '@rackwright/domain-provisioning';
import { ProblemError } from '@rackwright/platform';

/** Which machine a task is on. */
export interface TaskPlace {
  readonly idc: Idc;
  readonly sn: Sn;
}

/** Where a task is read. */
export function taskPath({ idc, sn }: { readonly idc: string; readonly sn: string }): string {
  return `/api/v1/tasks/${idc}/${sn}`;
}

export function taskNotFound({ idc, sn }: TaskPlace): ProblemError {
  return new ProblemError('task-not-found', `There is no task for machine ${sn} in ${idc}`);
}

/** The machine, by serial number or by MAC, has an unfinished task. */
export function taskActive(task: { readonly idc: string; readonly sn: string; readonly status: string }): ProblemError {
  const detail = `Machine ${task.sn} in ${task.idc} has an unfinished task, which is ${task.status}`;
  return new ProblemError('task-active', detail, { headers: { location: taskPath(task) } });
}

export function machineInMaintenance({ idc, sn }: TaskPlace): ProblemError {
  return new ProblemError('machine-in-maintenance', `Machine ${sn} in ${idc} is under maintenance`);
}

export function taskStateConflict({ status, action, allowed }: TaskStateConflict): ProblemError {
  const possible = allowed.length === 0 ? 'nothing' : allowed.join(', ');
  const detail = `The task is ${status}, so ${action} is not possible; possible is ${possible}`;
  return new ProblemError('task-state-conflict', detail, { members: { task_status: status, allowed } });
}
