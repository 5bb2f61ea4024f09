import { describe, expect, it } from 'vitest';
import { instantMs } from '@rackwright/kernel';
import { deadlineOf, defaultDeadlines, expireTask } from './deadlines.js';
import { approvedTask, at, pendingTask, reported } from './task-fixture.js';

const HOUR = 3_600;
const MINUTE = 60;

describe('deadlineOf', () => {
  it('gives people all the time they want', () => {
    expect(deadlineOf(pendingTask(), defaultDeadlines)).toBeUndefined();
  });

  it('counts two hours from the approval to the first boot', () => {
    expect(deadlineOf(approvedTask(), defaultDeadlines)?.at).toBe(at(10 + 2 * HOUR));
  });

  it('counts silence from the last progress, and the whole installation from its start', () => {
    const started = reported(approvedTask(), { kind: 'contact' });
    expect(deadlineOf(started, defaultDeadlines)?.at).toBe(at(20 + 15 * MINUTE));
    const busy = reported(started, { kind: 'progress', step: 'os_install', percent: 40, message: '' });
    const late = { ...busy, progress: busy.progress.map((entry) => ({ ...entry, timestamp: at(20 + 50 * MINUTE) })) };
    expect(deadlineOf(late, defaultDeadlines)).toEqual({
      at: at(20 + 60 * MINUTE),
      reason: 'the installation took longer than 60 min, at stage os_install (40 %)',
    });
  });
});

describe('expireTask', () => {
  it('leaves a task alone until its deadline and then fails it with the stage', () => {
    const task = reported(approvedTask(), { kind: 'progress', step: 'os_install', percent: 40, message: '' });
    const early = expireTask(task, defaultDeadlines, instantMs(at(20 + 15 * MINUTE - 1)));
    expect(early).toEqual({ ok: true, value: { task, events: [] } });
    const late = expireTask(task, defaultDeadlines, instantMs(at(20 + 15 * MINUTE)));
    if (!late.ok) throw new Error(late.fault.code);
    expect(late.value.task.status).toBe('failed');
    expect(late.value.task.status_history.at(-1)).toMatchObject({
      by: 'deadline',
      reason: 'no progress for 15 min at stage os_install (40 %)',
    });
    expect(late.value.events.map((event) => event.type)).toEqual(['task.failed']);
  });
});
