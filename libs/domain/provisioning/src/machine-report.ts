import { fail, formatInstant, instantMs, ok, type EpochMs, type Instant, type Result } from '@rackwright/kernel';
import { moveTask } from './decide-task.js';
import { emit, unchanged, type TaskStep } from './task-event.js';
import {
  MAX_LOG_LINE_LENGTH,
  MAX_LOG_LINES,
  MAX_PROGRESS_ENTRIES,
  operations,
  type Operation,
  type ProgressEntry,
  type Task,
} from './task.js';

/**
 * What a machine under installation tells its region, or the region notices about it. Reports are facts with the
 * time they were received: they are kept while etcd is away and applied later, and applying one twice is harmless.
 */
export type MachineReport = { readonly taskId: string; readonly at: Instant } & (
  | { readonly kind: 'boot-configured' }
  | { readonly kind: 'script-served'; readonly traceparent?: string }
  | { readonly kind: 'installer-started'; readonly traceparent?: string }
  | { readonly kind: 'contact'; readonly traceparent?: string }
  | { readonly kind: 'disk-boot-served' }
  | { readonly kind: 'progress'; readonly step: string; readonly percent: number; readonly message: string }
  | { readonly kind: 'logs'; readonly lines: readonly string[] }
  | {
      readonly kind: 'operation-complete';
      readonly operation: Operation;
      readonly success: boolean;
      readonly message: string;
    }
  | { readonly kind: 'install-complete'; readonly success: boolean; readonly message: string }
);

/** Why a report does not apply. */
export type ReportFault =
  | { readonly code: 'task-mismatch'; readonly expected: string; readonly reported: string }
  | { readonly code: 'task-not-installing'; readonly status: Task['status'] };

/**
 * The time to stamp a report of `task` with when it is received at `now`: later than the progress already known, so
 * that a report that is applied a second time can be told from a new one even after the clock was set back.
 */
export function reportInstant(task: Task, now: EpochMs): Instant {
  const last = task.progress.at(-1);
  return formatInstant(last === undefined ? now : (Math.max(now, instantMs(last.timestamp) + 1) as EpochMs));
}

/** Install attempts may be interrupted and resumed; a machine that comes back more often than this loops. */
export const MAX_INSTALL_BOOTS = 10;

/** Applies one report to its task. A repetition yields the task unchanged and no event. */
export function applyReport(task: Task, report: MachineReport, by: string): Result<TaskStep, ReportFault> {
  if (report.taskId !== task.task_id) {
    return fail({ code: 'task-mismatch', expected: task.task_id, reported: report.taskId });
  }
  if (task.status === 'completed' && repeatsCompletion(report)) return ok(unchanged(task));
  if (task.status === 'failed' && report.kind === 'install-complete' && !report.success) return ok(unchanged(task));
  if (task.status !== 'approved' && task.status !== 'installing') {
    return fail({ code: 'task-not-installing', status: task.status });
  }
  return ok(stepOf(task, report, by));
}

function repeatsCompletion(report: MachineReport): boolean {
  switch (report.kind) {
    case 'install-complete':
    case 'operation-complete':
      return report.success;
    case 'progress':
      return report.percent === 100;
    default:
      return report.kind === 'logs' || report.kind === 'contact' || report.kind === 'disk-boot-served';
  }
}

function stepOf(task: Task, report: MachineReport, by: string): TaskStep {
  switch (report.kind) {
    case 'boot-configured':
      return unchanged(task.pxe_configured ? task : { ...task, pxe_configured: true });
    case 'script-served':
      return scriptServed(task, report, by);
    case 'disk-boot-served':
      return diskBootServed(task, report.at, by);
    case 'logs':
      return unchanged({ ...task, logs: withLines(task.logs, report.lines) });
    default:
      return installing(started(task, report, by), report, by);
  }
}

/** The first authenticated sign of life moves an approved task to `installing`. */
function started(task: Task, report: MachineReport, by: string): TaskStep {
  const trace = 'traceparent' in report ? { traceparent: report.traceparent } : {};
  if (task.status === 'installing') return unchanged(task);
  return mustMove({ ...task, ...trace }, 'start', { by, at: report.at, reason: 'the machine reported in' });
}

function installing(step: TaskStep, report: MachineReport, by: string): TaskStep {
  switch (report.kind) {
    case 'installer-started':
      return { ...step, task: consumed(step.task, report.at) };
    case 'progress':
      return withProgress(step, report, by);
    case 'operation-complete':
      return operationComplete(step, report, by);
    case 'install-complete':
      return ended(step, report, by);
    default:
      return step;
  }
}

/**
 * The machine came back and was sent to its disk. When the operating system was on it, this is the reboot that ends the
 * installation, even if the agent lost power before it could say so; otherwise it says nothing about the installation.
 */
function diskBootServed(task: Task, at: Instant, by: string): TaskStep {
  const isInstalled = task.boot.operations_done.includes('os_install');
  if (task.status !== 'installing' || !isInstalled) return unchanged(task);
  return ended(unchanged(task), { success: true, message: 'the machine boots from its disk', at }, by);
}

function scriptServed(task: Task, report: MachineReport & { readonly kind: 'script-served' }, by: string): TaskStep {
  if (task.boot.booted_at === report.at) return unchanged(task);
  const boots = task.boot.boots + 1;
  const trace = report.traceparent === undefined ? {} : { traceparent: report.traceparent };
  const booted: Task = { ...task, ...trace, pxe_configured: true, boot: { ...task.boot, boots, booted_at: report.at } };
  if (boots <= MAX_INSTALL_BOOTS) return unchanged(booted);
  const reason = `boot loop: the machine asked for its install script ${String(boots)} times in one attempt`;
  return mustMove(booted, 'fail', { by, at: report.at, reason });
}

function withLines(logs: readonly string[], lines: readonly string[]): readonly string[] {
  return [...logs, ...lines.map((line) => line.slice(0, MAX_LOG_LINE_LENGTH))].slice(-MAX_LOG_LINES);
}

function consumed(task: Task, at: Instant): Task {
  return task.boot.consumed_at === undefined ? { ...task, boot: { ...task.boot, consumed_at: at } } : task;
}

function withProgress(
  step: TaskStep,
  report: Pick<ProgressEntry, 'step' | 'percent' | 'message'> & { readonly at: Instant },
  by: string,
): TaskStep {
  const { task } = step;
  const percent = Math.max(task.percent, report.percent);
  const last = task.progress.at(-1);
  if (last !== undefined && report.at <= last.timestamp) return step;
  const repeats = last?.step === report.step && last.percent === percent && last.message === report.message;
  if (repeats) return step;
  const entry: ProgressEntry = { step: report.step, percent, timestamp: report.at, message: report.message };
  const next: Task = {
    ...task,
    percent,
    progress: [...task.progress, entry].slice(-MAX_PROGRESS_ENTRIES),
    updated_at: report.at,
  };
  const told = emit({ ...step, task: next }, 'task.progressed', { step: entry.step, message: entry.message });
  const done = report.step === 'completed' && report.percent === 100;
  return done ? ended(told, { success: true, message: report.message, at: report.at }, by) : told;
}

function operationComplete(
  step: TaskStep,
  report: MachineReport & { readonly kind: 'operation-complete' },
  by: string,
): TaskStep {
  if (!report.success) {
    const message = report.message === '' ? 'no reason given' : report.message;
    return ended(step, { success: false, message: `${report.operation}: ${message}`, at: report.at }, by);
  }
  if (step.task.boot.operations_done.includes(report.operation)) return step;
  const operations_done = [...step.task.boot.operations_done, report.operation];
  const noted: Task = { ...step.task, boot: { ...step.task.boot, operations_done } };
  const task = report.operation === 'os_install' ? consumed(noted, report.at) : noted;
  const percent = percentAfter[report.operation];
  const told = withProgress({ ...step, task }, { ...report, step: report.operation, percent }, by);
  return report.operation === 'reboot' ? ended(told, report, by) : told;
}

/** Progress that the completion of an operation stands for. */
const percentAfter: Readonly<Record<Operation, number>> = {
  hardware_config: 10,
  network_config: 15,
  os_install: 95,
  reboot: 99,
};

function ended(
  step: TaskStep,
  outcome: { readonly success: boolean; readonly message: string; readonly at: Instant },
  by: string,
): TaskStep {
  const decision = { by, at: outcome.at, ...(outcome.message === '' ? {} : { reason: outcome.message }) };
  const task = outcome.success ? { ...consumed(step.task, outcome.at), percent: 100 } : step.task;
  const moved = mustMove(task, outcome.success ? 'complete' : 'fail', decision);
  return { task: moved.task, events: [...step.events, ...moved.events] };
}

function mustMove(...[task, action, decision]: Parameters<typeof moveTask>): TaskStep {
  const moved = moveTask(task, action, decision);
  if (!moved.ok) throw new Error(`state table has no ${action} from ${moved.fault.status}`);
  return moved.value;
}

/** Whether `name` is an operation an agent can complete. */
export function isOperation(name: string): name is Operation {
  return (operations as readonly string[]).includes(name);
}
