import {
  keyspace,
  outboxWrites,
  taskEnvelopes,
  type Comparison,
  type MacOwnerRecord,
  type ServerRecord,
  type Store,
  type TaskRecord,
  type Write,
} from '@rackwright/contracts';
import type { Node } from '@rackwright/domain-netboot';
import {
  createTask,
  findProfile,
  installRequestOf,
  isUnfinished,
  type Birth,
  type InstallRequest,
  type Profile,
  type Task,
} from '@rackwright/domain-provisioning';
import { parseSn, type Sn } from '@rackwright/kernel';
import { ProblemError } from '@rackwright/platform';
import { taskOf } from '../region-view/stored-values.js';
import { readRecord, unchangedSince, type Stored } from './stored-record.js';
import { taskActive } from './node-problems.js';

/** The writes that create and approve an install task for a node, and the node as it is then. */
export interface InstallWrites {
  readonly task: Task;
  readonly comparisons: readonly Comparison[];
  readonly writes: readonly Write[];
}

interface Circumstances {
  readonly task: Stored<TaskRecord> | undefined;
  readonly server: Stored<ServerRecord> | undefined;
  readonly owner: Stored<MacOwnerRecord> | undefined;
  readonly rivalTask: { readonly sn: string; readonly found: Stored<TaskRecord> | undefined } | undefined;
}

export interface InstallOrder {
  readonly node: Node;
  /** Name or alias; absent: as installed last. */
  readonly profile: string | undefined;
  readonly profiles: readonly Profile[];
  readonly birth: Birth;
}

/** A machine nobody gave a serial number is known by its MAC. */
function snOfNode(node: Node): Sn {
  return parseSn(node.sn ?? '') ?? (node.mac as string as Sn);
}

/**
 * Plans the installation of a node, created and approved in one step, with everything it depends on compared.
 * Throws a problem when the machine is busy, under maintenance, or nobody ever said what to install.
 */
export async function planInstall(store: Store, order: InstallOrder): Promise<InstallWrites> {
  const { node, birth } = order;
  const at = { idc: node.idc, sn: snOfNode(node) };
  const found = await readCircumstances(store, node);
  refuseIfBusy(at.sn, found);
  const previous = found.task === undefined ? undefined : taskOf(found.task.value);
  const request = requestFor(order, previous);
  const created = createTask(request, { ...birth, autoApprove: true }, previous);
  if (!created.ok) throw taskActive(created.fault.task);
  const { task, events } = created.value;
  return {
    task,
    comparisons: comparisonsOf(node, found),
    writes: [
      ...identityWrites(node, found, birth),
      ...(found.task === undefined ? [] : [historyWrite(found.task.value)]),
      { kind: 'put', key: keyspace.task.key(at), value: JSON.stringify(task) },
      ...outboxWrites(taskEnvelopes(task, events, birth.traceparent)),
    ],
  };
}

async function readCircumstances(store: Store, node: Node): Promise<Circumstances> {
  const { idc, mac } = node;
  const sn = snOfNode(node);
  const [task, server, owner] = await Promise.all([
    readRecord(store, keyspace.task, { idc, sn }),
    readRecord(store, keyspace.server, { idc, sn }),
    readRecord(store, keyspace.macOwner, { idc, mac }),
  ]);
  const rivalSn = owner?.value.sn === sn ? undefined : owner?.value.sn;
  const rivalTask =
    rivalSn === undefined
      ? undefined
      : { sn: rivalSn, found: await readRecord(store, keyspace.task, { idc, sn: rivalSn }) };
  return { task, server, owner, rivalTask };
}

function refuseIfBusy(sn: Sn, { server, rivalTask }: Circumstances): void {
  if (server?.value.maintenance === true) {
    throw new ProblemError('machine-in-maintenance', `Machine ${sn} is under maintenance`);
  }
  const rival = rivalTask?.found?.value;
  if (rival !== undefined && isUnfinished(rival.status)) throw taskActive(taskOf(rival));
}

function requestFor({ node, profile: asked, profiles }: InstallOrder, previous: Task | undefined): InstallRequest {
  const identity = { idc: node.idc, sn: snOfNode(node), mac: node.mac };
  if (asked === undefined && previous !== undefined) return { ...installRequestOf(previous), ...identity };
  if (asked === undefined) {
    const errors = [{ pointer: '/profile', detail: 'profile is required for a machine that was never installed' }];
    throw new ProblemError('invalid-request', 'Say which profile to install', { errors });
  }
  const profile = findProfile(profiles, { profile: asked, os_type: '', os_version: '' });
  if (profile === undefined) throw new ProblemError('profile-not-found', `There is no profile ${asked}`);
  const fresh = { ssh_keys: [], packages: [], kernel_args: '', tags: {}, priority: 5 };
  return {
    ...(previous === undefined ? fresh : installRequestOf(previous)),
    ...identity,
    ...(node.ip === undefined ? {} : { ip: node.ip }),
    ...(node.hostname === undefined ? {} : { hostname: node.hostname }),
    os_type: profile.family,
    os_version: profile.version,
    profile: profile.name,
  };
}

function comparisonsOf(node: Node, found: Circumstances): Comparison[] {
  const { idc, mac } = node;
  const sn = snOfNode(node);
  const { rivalTask } = found;
  return [
    unchangedSince(keyspace.task.key({ idc, sn }), found.task),
    unchangedSince(keyspace.server.key({ idc, sn }), found.server),
    unchangedSince(keyspace.macOwner.key({ idc, mac }), found.owner),
    ...(rivalTask === undefined ? [] : [unchangedSince(keyspace.task.key({ idc, sn: rivalTask.sn }), rivalTask.found)]),
  ];
}

function identityWrites(node: Node, found: Circumstances, birth: Birth): Write[] {
  const { idc, mac } = node;
  const sn = snOfNode(node);
  const writes: Write[] = [];
  if (found.server === undefined) {
    const server: ServerRecord = { sn, mac, status: 'pending', added_at: birth.at };
    writes.push({ kind: 'put', key: keyspace.server.key({ idc, sn }), value: JSON.stringify(server) });
  }
  if (found.owner?.value.sn !== sn) {
    writes.push({ kind: 'put', key: keyspace.macOwner.key({ idc, mac }), value: JSON.stringify({ sn }) });
  }
  return writes;
}

function historyWrite(task: TaskRecord): Write {
  const { idc, sn, task_id } = task;
  return { kind: 'put', key: keyspace.history.key({ idc, sn, task_id }), value: JSON.stringify(task) };
}
