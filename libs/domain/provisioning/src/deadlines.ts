import { formatInstant, instantMs, ok, type EpochMs, type Instant, type Result } from '@rackwright/kernel';
import { moveTask, type TaskStateConflict } from './decide-task.js';
import { unchanged, type TaskStep } from './task-event.js';
import type { Task } from './task.js';

/** How long a task may stay where it is, in milliseconds. */
export interface DeadlineSettings {
  /** From the approval to the first sign of the machine. */
  readonly firstBootMs: number;
  /** From the start of the installation to its end. */
  readonly installMs: number;
  /** Between two signs of progress. */
  readonly silenceMs: number;
}

export const defaultDeadlines: DeadlineSettings = {
  firstBootMs: 2 * 60 * 60_000,
  installMs: 60 * 60_000,
  silenceMs: 15 * 60_000,
};

/** When a task runs out of time, and in what words. */
export interface Deadline {
  readonly at: Instant;
  readonly reason: string;
}

function minutes(ms: number): string {
  return ms >= 60_000 ? `${String(Math.round(ms / 60_000))} min` : `${String(Math.round(ms / 1_000))} s`;
}

function enteredAt(task: Task, status: Task['status']): EpochMs {
  const change = task.status_history.findLast((entry) => entry.status === status);
  return instantMs(change?.timestamp ?? task.updated_at);
}

function stageOf(task: Task): string {
  const last = task.progress.at(-1);
  return last === undefined ? 'before the first progress report' : `at stage ${last.step} (${String(last.percent)} %)`;
}

function after(from: EpochMs, ms: number): Instant {
  return formatInstant((from + ms) as EpochMs);
}

/** The deadline of a task in its present state; states that wait for people have none. */
export function deadlineOf(task: Task, settings: DeadlineSettings): Deadline | undefined {
  if (task.status === 'approved') {
    const reason = `the machine did not boot within ${minutes(settings.firstBootMs)} of the approval`;
    return { at: after(enteredAt(task, 'approved'), settings.firstBootMs), reason };
  }
  if (task.status !== 'installing') return undefined;
  const startedAt = enteredAt(task, 'installing');
  const heardAt = Math.max(startedAt, instantMs(task.progress.at(-1)?.timestamp ?? task.updated_at)) as EpochMs;
  if (heardAt + settings.silenceMs < startedAt + settings.installMs) {
    const reason = `no progress for ${minutes(settings.silenceMs)} ${stageOf(task)}`;
    return { at: after(heardAt, settings.silenceMs), reason };
  }
  const reason = `the installation took longer than ${minutes(settings.installMs)}, ${stageOf(task)}`;
  return { at: after(startedAt, settings.installMs), reason };
}

/** Fails a task whose deadline has passed; otherwise leaves it unchanged. */
export function expireTask(task: Task, settings: DeadlineSettings, now: EpochMs): Result<TaskStep, TaskStateConflict> {
  const deadline = deadlineOf(task, settings);
  if (deadline === undefined || instantMs(deadline.at) > now) return ok(unchanged(task));
  return moveTask(task, 'fail', { by: 'deadline', at: formatInstant(now), reason: deadline.reason });
}
