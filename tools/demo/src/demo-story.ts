import { setTimeout as delay } from 'node:timers/promises';
import { isUnfinished } from '@rackwright/domain-provisioning';
import { formatMac } from '@rackwright/kernel';
import {
  describeMachine,
  Fleet,
  SeededRandom,
  type ApiClient,
  type Lab,
  type LabRegion,
  type MachinePace,
  type SimulatedMachine,
  type TaskSummary,
} from '@rackwright/testing';
import type { TableRow } from './machine-table.js';

/** Slow enough to watch: an installation takes about half a minute. */
const watchablePace: MachinePace = {
  dhcpRetryMs: [500, 1_000, 2_000, 4_000],
  httpRetryMs: 500,
  stepMs: 1_200,
  scriptSecondMs: 400,
  selfTestMs: 300,
};

/** A machine and the region it stands in. */
export interface PlacedMachine {
  readonly idc: string;
  readonly machine: SimulatedMachine;
}

const operatingSystems = [
  { os_type: 'Ubuntu 22.04', os_version: '22.04' },
  { os_type: 'debian', os_version: '12' },
  { os_type: 'Rocky Linux', os_version: '9' },
  { os_type: 'image', os_version: '1' },
] as const;

/** Machines spread evenly over the regions of the lab. */
export function fleetsOf(lab: Lab, size: number): readonly Fleet[] {
  const regions = [...lab.regions.values()];
  return regions.map((region, index) => {
    const share = Math.floor(size / regions.length) + (index < size % regions.length ? 1 : 0);
    return fleetOf(region, share);
  });
}

function fleetOf({ idc, relay, tftpPort }: LabRegion, size: number): Fleet {
  return new Fleet({ prefix: `${idc}-sim`, size, relay, tftpPort, random: new SeededRandom(1), pace: watchablePace });
}

/** Orders machines that an earlier demonstration installed to be installed again: their simulated disks are gone. */
export async function renewTasks(api: ApiClient, machines: readonly PlacedMachine[]): Promise<void> {
  const known = new Map((await api.tasks()).map((task) => [`${task.idc}/${task.sn}`, task]));
  for (const { idc, machine } of machines) {
    const task = known.get(`${idc}/${machine.identity.sn}`);
    if (task === undefined) continue;
    const path = `/api/v1/tasks/${idc}/${machine.identity.sn}`;
    if (isUnfinished(task.status)) await api.call('POST', `${path}/cancel`, { reason: 'an earlier demonstration' });
    await api.call('POST', `${path}/retry`, { reason: 'a new demonstration' });
    await api.call('POST', `${path}/approve`, { notes: 'demonstration' });
  }
}

/** Creates and approves a task for every machine that has none. */
export async function createTasks(api: ApiClient, machines: readonly PlacedMachine[]): Promise<void> {
  const known = new Set((await api.tasks()).map((task) => `${task.idc}/${task.sn}`));
  for (const [index, { idc, machine }] of machines.entries()) {
    const { sn, mac } = machine.identity;
    if (known.has(`${idc}/${sn}`)) continue;
    const os = operatingSystems[index % operatingSystems.length];
    await api.call('POST', '/api/v1/tasks', { idc, sn, mac: formatMac(mac), hostname: sn, ...os });
    await api.call('POST', `/api/v1/tasks/${idc}/${sn}/approve`, { notes: 'demonstration' });
  }
}

/** The machines beside their tasks. */
export async function tableRows(api: ApiClient, machines: readonly PlacedMachine[]): Promise<readonly TableRow[]> {
  const tasks = new Map((await api.tasks()).map((task) => [`${task.idc}/${task.sn}`, task]));
  return machines.map(({ idc, machine }) => ({ idc, machine, task: tasks.get(`${idc}/${machine.identity.sn}`) }));
}

/** Why the demonstration cannot come to its end. */
function failureOf(rows: readonly TableRow[]): string | undefined {
  const failed = rows.filter((row) => ['failed', 'rejected', 'cancelled'].includes(row.task?.status ?? ''));
  if (failed.length === 0) return undefined;
  return failed
    .map(({ machine, task }) => `${machine.identity.sn} is ${String(task?.status)}: ${reasonOf(task)}`)
    .join('\n');
}

function reasonOf(task: TableRow['task']): string {
  const history = (task as TaskSummary | undefined)?.status_history ?? [];
  return history.at(-1)?.reason ?? 'no reason given';
}

function timeoutReason(rows: readonly TableRow[], deadlineMs: number): string {
  const late = rows.filter((row) => row.task?.status !== 'completed').map(({ machine }) => describeMachine(machine));
  return `not all tasks were completed within ${String(deadlineMs / 1_000)} s:\n${late.join('\n')}`;
}

export interface Watching {
  readonly draw: (rows: readonly TableRow[]) => void;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

const LOOK_EVERY_MS = 500;

/** Draws the table until every task is completed; a sentence when that will not happen. */
export async function watchUntilCompleted(
  api: ApiClient,
  machines: readonly PlacedMachine[],
  { draw, deadlineMs, signal }: Watching,
): Promise<string | undefined> {
  const endsAt = performance.now() + deadlineMs;
  for (;;) {
    const rows = await tableRows(api, machines);
    draw(rows);
    if (rows.every((row) => row.task?.status === 'completed')) return undefined;
    const failure = failureOf(rows);
    if (failure !== undefined) return failure;
    if (performance.now() > endsAt) return timeoutReason(rows, deadlineMs);
    await delay(LOOK_EVERY_MS, undefined, { signal });
  }
}
