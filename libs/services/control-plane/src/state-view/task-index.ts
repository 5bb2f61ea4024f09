import type { TaskStatus } from '@rackwright/domain-provisioning';
import type { TaskRecord } from '@rackwright/contracts';
import type { Stored } from './record-table.js';

type StatusCounts = Map<TaskStatus, number>;

/** Finds tasks by the MAC of their machine and counts them by IDC and status, kept up with every change. */
export class TaskIndex {
  readonly #byMac = new Map<string, Map<string, Stored<TaskRecord>>>();
  readonly #counts = new Map<string, StatusCounts>();

  /** Takes note of a change of a task. */
  update(before: Stored<TaskRecord> | undefined, after: Stored<TaskRecord> | undefined): void {
    if (before !== undefined) this.#forget(before);
    if (after !== undefined) this.#learn(after);
  }

  /** Tasks of the machine with this MAC, in any IDC. */
  ofMac(mac: string): readonly Stored<TaskRecord>[] {
    return [...(this.#byMac.get(mac)?.values() ?? [])];
  }

  /** How many tasks of the IDC are in each status; statuses without any are left out. */
  counts(idc: string): ReadonlyMap<TaskStatus, number> {
    return this.#counts.get(idc) ?? new Map<TaskStatus, number>();
  }

  #learn(task: Stored<TaskRecord>): void {
    const { mac } = task.value;
    const ofMac = this.#byMac.get(mac) ?? new Map<string, Stored<TaskRecord>>();
    this.#byMac.set(mac, ofMac.set(task.key, task));
    this.#count(task.value, 1);
  }

  #forget(task: Stored<TaskRecord>): void {
    const ofMac = this.#byMac.get(task.value.mac);
    ofMac?.delete(task.key);
    if (ofMac?.size === 0) this.#byMac.delete(task.value.mac);
    this.#count(task.value, -1);
  }

  #count({ idc, status }: TaskRecord, step: 1 | -1): void {
    const counts: StatusCounts = this.#counts.get(idc) ?? new Map<TaskStatus, number>();
    const count = (counts.get(status) ?? 0) + step;
    if (count === 0) counts.delete(status);
    else counts.set(status, count);
    if (counts.size === 0) this.#counts.delete(idc);
    else this.#counts.set(idc, counts);
  }
}
