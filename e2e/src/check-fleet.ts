import { expect } from 'vitest';
import {
  describeMachine,
  waitFor,
  type EventStream,
  type Fleet,
  type Lab,
  type SimulatedMachine,
  type TaskSummary,
} from '@rackwright/testing';
import { formatMac } from '@rackwright/kernel';

/** Creates and approves a task for each machine of a fleet. */
export async function orderInstallations(lab: Lab, idc: string, fleet: Fleet): Promise<void> {
  for (const { identity } of fleet.machines) {
    const body = { idc, sn: identity.sn, mac: formatMac(identity.mac), os_type: 'image', os_version: '1' };
    await lab.api.call('POST', '/api/v1/tasks', body);
    await lab.api.call('POST', `/api/v1/tasks/${idc}/${identity.sn}/approve`, { notes: 'e2e' });
  }
}

/** The tasks of a fleet, once all are completed: reports may still be on their way by the disk of a region. */
export function completedTasks(lab: Lab, fleet: Fleet): Promise<readonly TaskSummary[]> {
  const names = new Set<string>(fleet.machines.map(({ identity }) => identity.sn));
  return waitFor(
    async () => {
      const tasks = (await lab.api.tasks()).filter(({ sn }) => names.has(sn));
      return tasks.length === names.size && tasks.every(({ status }) => status === 'completed') && tasks;
    },
    { what: 'every task completed', deadlineMs: 120_000, pollMs: 100 },
  );
}

/** Every machine was installed exactly once, by the attempt that is completed. */
export function expectInstalledOnce(fleet: Fleet, tasks: readonly TaskSummary[]): void {
  for (const machine of fleet.machines) {
    const task = tasks.find(({ sn }) => sn === machine.identity.sn);
    expect(task, describeMachine(machine)).toMatchObject({ status: 'completed', percent: 100 });
    expect(machine.disk, describeMachine(machine)).toEqual({ taskId: task?.task_id, installations: 1 });
  }
}

/**
 * No event of a task is lost or doubled: their ids carry the task's own count, so the stream must hold 1, 2, 3 … to the
 * one that completed it, in this order, and every progress entry of the task must be among them.
 */
export function expectEventsExactlyOnce(stream: EventStream, tasks: readonly TaskSummary[]): void {
  for (const task of tasks) {
    const events = stream.ofTask(task.task_id);
    expect(events.map((event) => event.id)).toEqual(events.map((_, index) => `${task.task_id}-${String(index + 1)}`));
    expect(events.at(-1)?.type).toBe('task.completed');
    for (const type of ['task.created', 'task.approved', 'task.started', 'task.completed']) {
      expect(events.filter((event) => event.type === type)).toHaveLength(1);
    }
    const told = events.filter((event) => event.type === 'task.progressed').map((event) => event.data['step']);
    expect(told).toEqual(task.progress.map(({ step }) => step));
  }
  const seqs = stream.events.map((event) => event.seq);
  expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
  expect(new Set(stream.events.map((event) => event.id)).size).toBe(stream.events.length);
}

function addressesOf(machine: SimulatedMachine): ReadonlySet<string> {
  const notes = machine.entries.map(({ detail }) => /^(\d+\.\d+\.\d+\.\d+) /.exec(detail)?.[1]);
  return new Set(notes.filter((ip) => ip !== undefined));
}

/** No address was ever held by two machines, by what they were told and by what the server knows. */
export async function expectAddressesHeldOnce(lab: Lab, idc: string, fleet: Fleet): Promise<void> {
  const holders = new Map<string, string>();
  for (const machine of fleet.machines) {
    const addresses = addressesOf(machine);
    expect(addresses.size, describeMachine(machine)).toBe(1);
    for (const ip of addresses) {
      expect(
        holders.get(ip),
        `${ip} of ${machine.identity.sn} was also held by ${String(holders.get(ip))}`,
      ).toBeUndefined();
      holders.set(ip, machine.identity.sn);
    }
  }
  const leases = await lab.api.call<readonly { ip: string; mac?: string; state: string }[]>(
    'GET',
    `/api/v1/leases/${idc}?limit=1000`,
  );
  const active = leases.filter((lease) => lease.state === 'active');
  expect(new Set(active.map((lease) => lease.ip)).size).toBe(active.length);
  expect(new Set(active.map((lease) => lease.mac)).size).toBe(active.length);
}
