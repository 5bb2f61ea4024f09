import { setTimeout as delay } from 'node:timers/promises';
import { formatMac } from '@rackwright/kernel';
import {
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

/** Creates and approves one task per machine; machines that have one from an earlier demonstration keep it. */
export async function createTasks(api: ApiClient, machines: readonly PlacedMachine[]): Promise<void> {
  for (const [index, { idc, machine }] of machines.entries()) {
    const { sn, mac } = machine.identity;
    const os = operatingSystems[index % operatingSystems.length];
    await api.ensure('POST', '/api/v1/tasks', { idc, sn, mac: formatMac(mac), hostname: sn, ...os });
    await api.ensure('POST', `/api/v1/tasks/${idc}/${sn}/approve`, { notes: 'demonstration' });
  }
}

/** The machines beside their tasks. */
export async function tableRows(api: ApiClient, machines: readonly PlacedMachine[]): Promise<readonly TableRow[]> {
  const tasks = new Map((await api.tasks()).map((task) => [`${task.idc}/${task.sn}`, task]));
  return machines.map(({ idc, machine }) => ({ idc, machine, task: tasks.get(`${idc}/${machine.identity.sn}`) }));
}

/** Why the demonstration cannot come to its end. */
export function failureOf(rows: readonly TableRow[]): string | undefined {
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
    if (performance.now() > endsAt) return `not all tasks were completed within ${String(deadlineMs / 1_000)} s`;
    await delay(LOOK_EVERY_MS, undefined, { signal });
  }
}
