import type { Idc } from '@rackwright/kernel';
import { taskStatuses, type TaskStatus } from '@rackwright/domain-provisioning';
import { nodeStatuses, type NodeStatus } from '@rackwright/domain-netboot';
import { folderOf } from '../store/folder-of.js';
import { idcPrefix, keyspace, ROOT_PREFIX } from '@rackwright/contracts';
import type { SiteState } from '../state-view/site-state.js';
import type { StateView } from '../state-view/state-view.js';

/** Counts of one IDC. */
export interface IdcStats {
  readonly idc: string;
  readonly region_online: boolean;
  readonly tasks: Readonly<Record<TaskStatus, number>>;
  readonly tasks_total: number;
  readonly machines: number;
  readonly machines_online: number;
  readonly nodes: Readonly<Record<NodeStatus, number>>;
  readonly unmatched: number;
  readonly leases_active: number;
}

/** Counts of all IDCs together, and of each. */
export interface SiteStats {
  readonly idcs: readonly IdcStats[];
  readonly tasks: Readonly<Record<TaskStatus, number>>;
  readonly tasks_total: number;
  readonly machines: number;
  readonly regions_online: number;
}

function countBy<K extends string>(kinds: readonly K[], counted: readonly K[]): Record<K, number> {
  const counts = Object.fromEntries(kinds.map((kind) => [kind, 0])) as Record<K, number>;
  for (const kind of counted) counts[kind] += 1;
  return counts;
}

function taskCounts(state: SiteState, idcs: readonly string[]): Record<TaskStatus, number> {
  const sum = (status: TaskStatus): number =>
    idcs.reduce((total, idc) => total + (state.taskIndex.counts(idc).get(status) ?? 0), 0);
  return Object.fromEntries(taskStatuses.map((status) => [status, sum(status)])) as Record<TaskStatus, number>;
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function statsOf(state: SiteState, idc: string): IdcStats {
  const tasks = taskCounts(state, [idc]);
  return {
    idc,
    region_online: state.isRegionOnline(idc),
    tasks,
    tasks_total: total(tasks),
    machines: state.servers.list(idc).length,
    machines_online: state.liveness.list(idc).length,
    nodes: countBy(
      nodeStatuses,
      state.nodes.list(idc).map(({ value }) => value.status),
    ),
    unmatched: state.unmatched.list(idc).length,
    leases_active: state.leases.list(idc).filter(({ value }) => value.state === 'active').length,
  };
}

/** Counts as of now: every write completed before the question is in them. */
export class LiveStats {
  readonly #view: StateView;

  constructor(parts: { readonly view: StateView }) {
    this.#view = parts.view;
  }

  async ofAll(): Promise<SiteStats> {
    const state = await this.#view.fresh(ROOT_PREFIX);
    const idcs = state.idcs();
    const tasks = taskCounts(state, idcs);
    return {
      idcs: idcs.map((idc) => statsOf(state, idc)),
      tasks,
      tasks_total: total(tasks),
      machines: state.servers.list().length,
      regions_online: state.regionHeartbeats.list().length,
    };
  }

  /** All zero for an IDC nobody has heard of. */
  async ofIdc(idc: Idc): Promise<IdcStats> {
    const prefixes = [
      idcPrefix(idc),
      folderOf(keyspace.regionInfo.key({ idc })),
      folderOf(keyspace.unmatched.key({ idc, mac: '-' })),
    ];
    return statsOf(await this.#view.fresh(...prefixes), idc);
  }
}
