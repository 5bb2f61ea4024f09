import type { Idc, Mac } from '@rackwright/kernel';
import { createTask, isUnfinished, type Birth, type InstallRequest, type Task } from '@rackwright/domain-provisioning';
import {
  encodeRecord,
  keyspace,
  outboxWrites,
  taskEnvelopes,
  type Comparison,
  type MacOwnerRecord,
  type ServerRecord,
  type TaskRecord,
  type Write,
} from '@rackwright/contracts';
import { ReadRecords } from '../store/read-records.js';
import type { ReadKeys, Records } from '../store/view-first.js';
import { unchangedSince, type PlannedChange } from '../store/written-change.js';
import { without } from '../store/without.js';
import type { Stored } from '../state-view/record-table.js';
import { machineInMaintenance, taskActive } from './task-problems.js';
import { taskOf } from './task-record.js';

type Found<V> = Stored<V> | undefined;

/** Everything a new attempt on a machine depends on, as read. */
interface Circumstances {
  readonly task: Found<TaskRecord>;
  readonly server: Found<ServerRecord>;
  readonly macOwner: Found<MacOwnerRecord>;
  /** The machine the MAC belonged to so far, if it is another one. */
  readonly rival: Rival | undefined;
  /** The machine's MAC so far, if it was another one. */
  readonly formerMac: { readonly mac: Mac; readonly owner: Found<MacOwnerRecord> } | undefined;
}

interface Rival {
  readonly sn: string;
  readonly task: Found<TaskRecord>;
  readonly server: Found<ServerRecord>;
}

async function readCircumstances(read: ReadKeys, { idc, sn, mac }: InstallRequest): Promise<Circumstances> {
  const keys = [keyspace.task.key({ idc, sn }), keyspace.server.key({ idc, sn }), keyspace.macOwner.key({ idc, mac })];
  const first = await read(keys);
  const server = first.get(keyspace.server, { idc, sn });
  const macOwner = first.get(keyspace.macOwner, { idc, mac });
  const rivalSn = macOwner?.value.sn === sn ? undefined : macOwner?.value.sn;
  const formerMac = server?.value.mac === mac ? undefined : server?.value.mac;
  const related = await readRelated(read, { idc, rivalSn, formerMac });
  return { task: first.get(keyspace.task, { idc, sn }), server, macOwner, ...related };
}

async function readRelated(
  read: ReadKeys,
  { idc, rivalSn, formerMac }: { idc: Idc; rivalSn: string | undefined; formerMac: Mac | undefined },
): Promise<Pick<Circumstances, 'rival' | 'formerMac'>> {
  const keys: string[] = [];
  if (rivalSn !== undefined) {
    keys.push(keyspace.task.key({ idc, sn: rivalSn }), keyspace.server.key({ idc, sn: rivalSn }));
  }
  if (formerMac !== undefined) keys.push(keyspace.macOwner.key({ idc, mac: formerMac }));
  const records = keys.length === 0 ? new ReadRecords([]) : await read(keys);
  const rival = rivalSn === undefined ? undefined : rivalIn(records, { idc, sn: rivalSn });
  const former = formerMac === undefined ? undefined : formerIn(records, { idc, mac: formerMac });
  return { rival, formerMac: former };
}

function rivalIn(records: Records, at: { readonly idc: Idc; readonly sn: string }): Rival {
  return { sn: at.sn, task: records.get(keyspace.task, at), server: records.get(keyspace.server, at) };
}

function formerIn(records: Records, at: { readonly idc: Idc; readonly mac: Mac }): Circumstances['formerMac'] {
  return { mac: at.mac, owner: records.get(keyspace.macOwner, at) };
}

function refuseIfBusy(request: InstallRequest, { server, rival }: Circumstances): void {
  if (server?.value.maintenance === true) throw machineInMaintenance(request);
  const rivalTask = rival?.task?.value;
  if (rivalTask !== undefined && isUnfinished(rivalTask.status)) throw taskActive(rivalTask);
}

function comparisonsOf({ idc, sn, mac }: InstallRequest, found: Circumstances): Comparison[] {
  const { rival, formerMac } = found;
  return [
    unchangedSince(keyspace.task.key({ idc, sn }), found.task),
    unchangedSince(keyspace.server.key({ idc, sn }), found.server),
    unchangedSince(keyspace.macOwner.key({ idc, mac }), found.macOwner),
    ...(rival === undefined
      ? []
      : [
          unchangedSince(keyspace.task.key({ idc, sn: rival.sn }), rival.task),
          unchangedSince(keyspace.server.key({ idc, sn: rival.sn }), rival.server),
        ]),
    ...(formerMac === undefined
      ? []
      : [unchangedSince(keyspace.macOwner.key({ idc, mac: formerMac.mac }), formerMac.owner)]),
  ];
}

/** The machine's entry and the ownership of its MAC, where they are not as the request says. */
function identityWrites({ idc, sn, mac }: InstallRequest, found: Circumstances, at: Birth['at']): Write[] {
  const { server, macOwner } = found;
  const writes = releaseWrites(mac, sn, found);
  if (server?.value.mac !== mac) {
    const record: ServerRecord = { status: 'pending', added_at: at, ...server?.value, sn, mac };
    writes.push({ kind: 'put', key: keyspace.server.key({ idc, sn }), value: encodeRecord(record) });
  }
  if (macOwner?.value.sn !== sn) {
    writes.push({ kind: 'put', key: keyspace.macOwner.key({ idc, mac }), value: encodeRecord({ sn }) });
  }
  return writes;
}

/** Takes the MAC from the machine that had it, and from this machine the MAC it had. */
function releaseWrites(mac: Mac, sn: string, { rival, formerMac }: Circumstances): Write[] {
  const writes: Write[] = [];
  if (rival?.server?.value.mac === mac) {
    const value = encodeRecord(without(rival.server.value, 'mac'));
    writes.push({ kind: 'put', key: rival.server.key, value });
  }
  if (formerMac?.owner?.value.sn === sn) writes.push({ kind: 'delete', key: formerMac.owner.key });
  return writes;
}

/** The write that keeps an earlier attempt when another takes its place. */
export function historyWrite(task: Stored<TaskRecord>): Write {
  const { idc, sn, task_id } = task.value;
  return { kind: 'put', key: keyspace.history.key({ idc, sn, task_id }), value: encodeRecord(task.value) };
}

/**
 * Plans a new attempt on a machine: the task, the machine's entry, the owner of its MAC, the earlier attempt's move
 * to history and the events, in one transaction. Throws a 409 when the machine is busy, by serial number or by MAC.
 */
export async function planAttempt(
  read: ReadKeys,
  request: InstallRequest,
  birth: Birth & { readonly reason?: string | undefined },
): Promise<PlannedChange<Task>> {
  const { idc, sn } = request;
  const found = await readCircumstances(read, request);
  refuseIfBusy(request, found);
  const created = createTask(request, birth, found.task === undefined ? undefined : taskOf(found.task.value));
  if (!created.ok) throw taskActive(created.fault.task);
  const { task, events } = created.value;
  const key = keyspace.task.key({ idc, sn });
  return {
    comparisons: comparisonsOf(request, found),
    writes: [
      ...identityWrites(request, found, birth.at),
      ...(found.task === undefined ? [] : [historyWrite(found.task)]),
      { kind: 'put', key, value: encodeRecord(withReason(task, birth.reason)) },
      ...outboxWrites(taskEnvelopes(task, events, birth.traceparent)),
    ],
    outcome: withReason(task, birth.reason),
    witness: key,
    isWritten: (entry) => entry.value.includes(`"${birth.taskId}"`),
  };
}

function withReason(task: Task, reason: string | undefined): Task {
  const [first, ...later] = task.status_history;
  if (reason === undefined || first === undefined) return task;
  return { ...task, status_history: [{ ...first, reason }, ...later] };
}
