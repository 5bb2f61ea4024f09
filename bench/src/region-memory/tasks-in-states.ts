import {
  applyReport,
  approveTask,
  createTask,
  rejectTask,
  type MachineReport,
  type Task,
  type TaskStatus,
  type TaskStep,
} from '@rackwright/domain-provisioning';
import {
  formatInstant,
  parseMac,
  parseSn,
  type EpochMs,
  type Idc,
  type Instant,
  type Result,
} from '@rackwright/kernel';
import { macOf, snOf } from '../lab/machine-names.js';

/** Of a hundred machines, how many have a task in which state: a site that mostly runs and always installs something. */
const SHARES: readonly (readonly [TaskStatus, number])[] = [
  ['completed', 60],
  ['installing', 20],
  ['failed', 6],
  ['approved', 6],
  ['pending', 6],
  ['rejected', 2],
];
const LOG_LINES = 100;
const MINUTE_MS = 60_000;
const STEPS = ['hardware_config', 'network_config', 'partition', 'base_system', 'packages', 'bootloader', 'os_install'];
/** The step an installation reports again and again, and the one it ends or fails in. */
const MILESTONES = [5, 12, 20, 30, 40, 50, 60, 70, 80, 90];
const BY = 'region/bench';

/** The state of the task of the machine with this number; any hundred in a row have all of them. */
function stateOf(number: number): TaskStatus {
  let upTo = 0;
  for (const [status, share] of SHARES) {
    upTo += share;
    if (number % 100 < upTo) return status;
  }
  return 'pending';
}

/** A task that went through the state table up to the state of its machine, with its progress and its log tail. */
export function taskInState(idc: Idc, number: number, startedAt: EpochMs): Task {
  const at = (minute: number): Instant => formatInstant((startedAt + (number + minute) * MINUTE_MS) as EpochMs);
  const status = stateOf(number);
  const pending = newTask({ idc, number, at: at(0) });
  if (status === 'pending') return pending;
  const decision = { by: 'operator@example.com', at: at(1), reason: 'checked against the rack plan' };
  if (status === 'rejected') return taskAfter(rejectTask(pending, decision));
  const approved = taskAfter(approveTask(pending, decision));
  if (status === 'approved') return report(approved, { kind: 'boot-configured', taskId: approved.task_id, at: at(1) });
  const installing = installed(approved, at, status === 'completed' ? MILESTONES.length : 3 + (number % 6));
  if (status === 'installing') return installing;
  const success = status === 'completed';
  const message = success ? '' : 'partition: no disk matches the layout: wanted one of at least 960 GB';
  return report(installing, { kind: 'install-complete', taskId: approved.task_id, at: at(60), success, message });
}

function newTask({ idc, number, at }: { readonly idc: Idc; readonly number: number; readonly at: Instant }): Task {
  const sn = parseSn(snOf(number));
  const mac = parseMac(macOf(number));
  if (sn === undefined || mac === undefined) throw new RangeError(`no name for machine ${String(number)}`);
  const hex = number.toString(16).padStart(8, '0');
  const request = {
    ...{ idc, sn, mac, os_type: 'Ubuntu 22.04', os_version: '22.04', profile: 'ubuntu-22.04' },
    hostname: `node-${String(number)}`,
    ssh_keys: ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDZRk4RtGZ2mO1Jm0e8Xh3mT4cQ8f0b1sT5o7f6s9d0K operator@example.com'],
    packages: ['openssh-server', 'chrony', 'lldpd'],
    kernel_args: 'console=ttyS0,115200n8',
    tags: { rack: `r${String(number % 250)}`, owner: 'platform' },
    priority: 5,
  };
  const traceparent = `00-${hex.repeat(4)}-${hex.repeat(2)}-01`;
  const birth = { taskId: `task-${hex}`, bootToken: hex.repeat(8), at, by: 'operator@example.com', traceparent };
  return taskAfter(createTask(request, birth, undefined));
}

function installed(task: Task, at: (minute: number) => Instant, milestones: number): Task {
  const taskId = task.task_id;
  let next = report(task, { kind: 'script-served', taskId, at: at(2) });
  next = report(next, { kind: 'installer-started', taskId, at: at(3) });
  for (const [index, percent] of MILESTONES.slice(0, milestones).entries()) {
    const step = STEPS[index % STEPS.length] ?? 'os_install';
    const message = `${step}: ${String(percent)} % after ${String(index + 1)} minutes`;
    next = report(next, { kind: 'progress', taskId, at: at(4 + index), step, percent, message });
    next = report(next, { kind: 'logs', taskId, at: at(4 + index), lines: logLines(task.sn, percent) });
  }
  return next;
}

function logLines(sn: string, percent: number): readonly string[] {
  return Array.from(
    { length: LOG_LINES / 5 },
    (_, line) =>
      `${sn} installer: Unpacking linux-modules-extra-5.15.0-${String(percent)}-generic (5.15.0-${String(percent)}.${String(line)}) ...`,
  );
}

function report(task: Task, fact: MachineReport): Task {
  return taskAfter(applyReport(task, fact, BY));
}

function taskAfter<F>(step: Result<TaskStep, F>): Task {
  if (!step.ok) throw new Error(`a step of a made-up task was refused: ${JSON.stringify(step.fault)}`);
  return step.value.task;
}
