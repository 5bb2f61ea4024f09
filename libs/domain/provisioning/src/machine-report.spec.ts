import fc from 'fast-check';
import { instantMs } from '@rackwright/kernel';
import { describe, expect, it } from 'vitest';
import { cancelTask } from './decide-task.js';
import { applyReport, MAX_INSTALL_BOOTS, reportInstant } from './machine-report.js';
import { nextOperation } from './next-operation.js';
import { approvedTask, at, pendingTask, report, reported, type ReportBody } from './task-fixture.js';
import { MAX_LOG_LINES, MAX_PROGRESS_ENTRIES, operations, type Task } from './task.js';

const REGION = 'region/dc1';

function eventsOf(task: Task, body: ReportBody, second = 50): readonly string[] {
  const step = applyReport(task, report(body, second), REGION);
  if (!step.ok) throw new Error(step.fault.code);
  return step.value.events.map((event) => event.type);
}

const done = (operation: (typeof operations)[number]): ReportBody => ({
  kind: 'operation-complete',
  operation,
  success: true,
  message: '',
});

describe('applyReport', () => {
  it('starts an approved task at the first sign of life, with the trace of that boot', () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const task = reported(approvedTask(), { kind: 'contact', traceparent });
    expect(task).toMatchObject({ status: 'installing', traceparent });
    expect(eventsOf(approvedTask(), { kind: 'contact' })).toEqual(['task.started']);
    expect(eventsOf(task, { kind: 'contact' })).toEqual([]);
  });

  it('hands out the operations in order and completes the task after the last', () => {
    let task = approvedTask();
    for (const operation of operations) {
      expect(nextOperation(task)).toBe(operation);
      task = reported(task, done(operation));
    }
    expect(task).toMatchObject({ status: 'completed', percent: 100 });
    expect(nextOperation(task)).toBe('complete');
  });

  it('boots from disk once the installation is on it', () => {
    expect(reported(approvedTask(), done('os_install')).boot.consumed_at).toBeDefined();
    expect(reported(approvedTask(), { kind: 'installer-started' }).boot.consumed_at).toBeDefined();
    expect(reported(approvedTask(), { kind: 'script-served' }).boot.consumed_at).toBeUndefined();
  });

  it('never lets percent go back', () => {
    const task = reported(
      approvedTask(),
      { kind: 'progress', step: 'os_install', percent: 60, message: 'a' },
      { kind: 'progress', step: 'os_install', percent: 20, message: 'b' },
    );
    expect(task.percent).toBe(60);
    expect(task.progress.map((entry) => entry.percent)).toEqual([60, 60]);
  });

  it('tells a journal that is replayed a second time from new reports', () => {
    const journal = [10, 20, 30].map((percent, index) =>
      report({ kind: 'progress', step: 'os_install', percent, message: '' }, 20 + index),
    );
    let task = approvedTask();
    const events: string[] = [];
    for (const entry of [...journal, ...journal]) {
      const step = applyReport(task, entry, REGION);
      if (!step.ok) throw new Error(step.fault.code);
      task = step.value.task;
      events.push(...step.value.events.map((event) => event.type));
    }
    expect(task.progress.map((entry) => entry.percent)).toEqual([10, 20, 30]);
    expect(events).toEqual(['task.started', 'task.progressed', 'task.progressed', 'task.progressed']);
  });

  it('stamps reports in order even when the clock was set back', () => {
    const task = reported(approvedTask(), { kind: 'progress', step: 'os_install', percent: 60, message: 'a' });
    expect(reportInstant(task, instantMs(at(0))) > at(20)).toBe(true);
    expect(reportInstant(task, instantMs(at(90)))).toBe(at(90));
  });

  it('fails the task with the message of a failed operation', () => {
    const body = {
      kind: 'operation-complete',
      operation: 'hardware_config',
      success: false,
      message: 'no RAID',
    } as const;
    const task = reported(approvedTask(), body);
    expect(task.status).toBe('failed');
    expect(task.status_history.at(-1)).toMatchObject({ by: REGION, reason: 'hardware_config: no RAID' });
  });

  it('completes on the progress report that says so', () => {
    const body = { kind: 'progress', step: 'completed', percent: 100, message: '' } as const;
    expect(eventsOf(approvedTask(), body)).toEqual(['task.started', 'task.progressed', 'task.completed']);
  });

  it('refuses reports of another attempt and of a task nobody approved', () => {
    const other = { ...report({ kind: 'contact' }), taskId: 'task-ffffffff' };
    expect(applyReport(approvedTask(), other, REGION)).toMatchObject({ ok: false, fault: { code: 'task-mismatch' } });
    expect(applyReport(pendingTask(), report({ kind: 'contact' }), REGION)).toMatchObject({
      ok: false,
      fault: { code: 'task-not-installing', status: 'pending' },
    });
    const cancelled = cancelTask(approvedTask(), { by: 'alice', at: at(15) });
    if (!cancelled.ok) throw new Error(cancelled.fault.code);
    expect(applyReport(cancelled.value.task, report({ kind: 'contact' }), REGION).ok).toBe(false);
  });

  it('takes the next boot for the reboot once the operating system is on the disk, and for nothing before', () => {
    const installed = reported(approvedTask(), done('os_install'));
    expect(eventsOf(installed, { kind: 'disk-boot-served' })).toEqual(['task.completed']);
    expect(reported(installed, { kind: 'disk-boot-served' }).status).toBe('completed');
    const started = reported(approvedTask(), { kind: 'installer-started' });
    expect(eventsOf(started, { kind: 'disk-boot-served' })).toEqual([]);
    expect(reported(started, { kind: 'disk-boot-served' }).status).toBe('installing');
  });

  it('fails a machine that keeps coming back for its script', () => {
    let task = approvedTask();
    for (let boot = 0; boot <= MAX_INSTALL_BOOTS; boot += 1) {
      const step = applyReport(task, report({ kind: 'script-served' }, 20 + boot), REGION);
      if (!step.ok) throw new Error(step.fault.code);
      task = step.value.task;
    }
    expect(task.status).toBe('failed');
    expect(task.status_history.at(-1)?.reason).toContain('boot loop');
  });

  it('keeps the value bounded', () => {
    let task = approvedTask();
    for (let n = 0; n < MAX_PROGRESS_ENTRIES + 50; n += 1) {
      const step = applyReport(
        task,
        report({ kind: 'progress', step: 's', percent: 1, message: String(n) }, 20 + n),
        REGION,
      );
      if (!step.ok) throw new Error(step.fault.code);
      task = step.value.task;
    }
    task = reported(task, { kind: 'logs', lines: Array.from({ length: 500 }, () => 'x'.repeat(10_000)) });
    expect(task.progress).toHaveLength(MAX_PROGRESS_ENTRIES);
    expect(task.logs).toHaveLength(MAX_LOG_LINES);
    expect(JSON.stringify(task).length).toBeLessThan(100_000);
  });

  const anyReport = fc.oneof(
    fc.constant<ReportBody>({ kind: 'boot-configured' }),
    fc.constant<ReportBody>({ kind: 'script-served' }),
    fc.constant<ReportBody>({ kind: 'installer-started' }),
    fc.constant<ReportBody>({ kind: 'contact' }),
    fc.constant<ReportBody>({ kind: 'disk-boot-served' }),
    fc.constantFrom(...operations).map(done),
    fc
      .record({ step: fc.constantFrom('a', 'b'), percent: fc.integer({ min: 0, max: 100 }) })
      .map((body): ReportBody => ({ kind: 'progress', message: '', ...body })),
    fc.boolean().map((success): ReportBody => ({ kind: 'install-complete', success, message: '' })),
  );

  it('is harmless when the same report is applied twice, after any history', () => {
    fc.assert(
      fc.property(fc.array(anyReport, { maxLength: 10 }), anyReport, (history, last) => {
        let task = approvedTask();
        history.forEach((body, index) => {
          const step = applyReport(task, report(body, 20 + index), REGION);
          if (step.ok) task = step.value.task;
        });
        const once = applyReport(task, report(last, 99), REGION);
        if (!once.ok) return;
        const twice = applyReport(once.value.task, report(last, 99), REGION);
        if (twice.ok) expect(twice.value).toEqual({ task: once.value.task, events: [] });
      }),
    );
  });
});
