import { parseIdc, parseInstant, parseMac, parseSn, type Instant } from '@rackwright/kernel';
import { createTask, type Birth } from './create-task.js';
import { approveTask } from './decide-task.js';
import { applyReport, type MachineReport } from './machine-report.js';
import type { InstallRequest, Task } from './task.js';

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('fixture value does not parse');
  return value;
}

/** An instant `second` seconds into the story the specs tell. */
export function at(second: number): Instant {
  return must(parseInstant(new Date(1_763_640_000_000 + second * 1_000).toISOString()));
}

const request: InstallRequest = {
  idc: must(parseIdc('dc1')),
  sn: must(parseSn('sn-001')),
  mac: must(parseMac('00:1a:2b:3c:4d:5e')),
  os_type: 'Ubuntu 22.04',
  os_version: '22.04',
  profile: 'ubuntu-22.04',
  ssh_keys: [],
  packages: [],
  kernel_args: '',
  tags: {},
  priority: 5,
};

const birth: Birth = { taskId: 'task-0a1b2c3d', bootToken: 'secret', at: at(0), by: 'anonymous' };

export function pendingTask(): Task {
  const created = createTask(request, birth, undefined);
  if (!created.ok) throw new Error(created.fault.code);
  return created.value.task;
}

export function approvedTask(): Task {
  const approved = approveTask(pendingTask(), { by: 'alice', at: at(10), reason: 'ok' });
  if (!approved.ok) throw new Error(approved.fault.code);
  return approved.value.task;
}

/** A report as the region hands it over. */
export type ReportBody = MachineReport extends infer R
  ? R extends MachineReport
    ? Omit<R, 'taskId' | 'at'>
    : never
  : never;

export function report(body: ReportBody, second = 20): MachineReport {
  return { ...body, taskId: birth.taskId, at: at(second) };
}

export function reported(task: Task, ...bodies: readonly ReportBody[]): Task {
  return bodies.reduce((current, body, index) => {
    const step = applyReport(current, report(body, 20 + index), 'region/dc1');
    if (!step.ok) throw new Error(step.fault.code);
    return step.value.task;
  }, task);
}
