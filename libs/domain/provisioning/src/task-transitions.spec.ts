import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { moveTask } from './decide-task.js';
import { at, pendingTask } from './task-fixture.js';
import { taskTransitions, transitionOf, type TaskAction } from './task-transitions.js';
import { taskStatuses, type TaskStatus } from './task.js';

const actions: readonly Exclude<TaskAction, 'retry'>[] = ['approve', 'reject', 'cancel', 'start', 'complete', 'fail'];

/** Contracts section "States", spelled out a second time so that an edit of the table is noticed. */
const allowed: readonly (readonly [TaskStatus, TaskAction, TaskStatus])[] = [
  ['pending', 'approve', 'approved'],
  ['pending', 'reject', 'rejected'],
  ['pending', 'cancel', 'cancelled'],
  ['approved', 'start', 'installing'],
  ['approved', 'complete', 'completed'],
  ['approved', 'fail', 'failed'],
  ['approved', 'cancel', 'cancelled'],
  ['installing', 'complete', 'completed'],
  ['installing', 'fail', 'failed'],
  ['installing', 'cancel', 'cancelled'],
  ['completed', 'retry', 'pending'],
  ['failed', 'retry', 'pending'],
  ['rejected', 'retry', 'pending'],
  ['cancelled', 'retry', 'pending'],
];

describe('the task state table', () => {
  it('allows exactly the documented transitions', () => {
    const listed = taskStatuses.flatMap((status) =>
      Object.entries(taskTransitions[status]).map(([action, next]) => [status, action, next]),
    );
    expect(listed.toSorted()).toEqual([...allowed].map((row) => [...row]).toSorted());
  });

  it('refuses every other action and names the allowed ones', () => {
    for (const status of taskStatuses) {
      for (const action of actions.filter((candidate) => transitionOf(status, candidate) === undefined)) {
        const moved = moveTask({ ...pendingTask(), status }, action, { by: 'alice', at: at(5) });
        expect(moved).toEqual({
          ok: false,
          fault: { code: 'task-state-conflict', status, action, allowed: Object.keys(taskTransitions[status]) },
        });
      }
    }
  });

  it('numbers events without gap or repetition along any path', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...actions), { maxLength: 12 }), (path) => {
        let task = pendingTask();
        const ids: string[] = [];
        for (const action of path) {
          const moved = moveTask(task, action, { by: 'alice', at: at(5) });
          if (!moved.ok) continue;
          task = moved.value.task;
          ids.push(...moved.value.events.map((event) => event.id));
          expect(task.status_history.at(-1)?.status).toBe(task.status);
        }
        expect(ids).toEqual(ids.map((_, index) => `task-0a1b2c3d-${String(index + 2)}`));
      }),
    );
  });
});
