import type { Mac } from '@rackwright/kernel';
import { createTask, isUnfinished, type Birth, type InstallRequest, type Task } from '@rackwright/domain-provisioning';
import {
  encodeRecord,
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
import { ReadRecords } from '../store/read-records.js';
import { unchangedSince, type PlannedChange } from '../store/written-change.js';
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

async function readCircumstances(store: Store, { idc, sn, mac }: InstallRequest): Promise<Circumstances> {
  const keys = [keyspace.task.key({ idc, sn }), keyspace.server.key({ idc, sn }), keyspace.macOwner.key({ idc, mac })];
  const first = await ReadRecords.of(store, keys);
  const [task, server] = [first.get(keyspace.task, { idc, sn }), first.get(keyspace.server, { idc, sn })];
  const macOwner = first.get(keyspace.macOwner, { idc, mac });
  const rivalSn = macOwner !== undefined && macOwner.value.sn !== sn ? macOwner.value.sn : undefined;
  const former = server?.value.mac !== undefined && server.value.mac !== mac ? server.value.mac : undefined;
  const further = [
    ...(rivalSn === undefined
      ? []
      : [keyspace.task.key({ idc, sn: rivalSn }), keyspace.server.key({ idc, sn: rivalSn })]),
    ...(former === undefined ? [] : [keyspace.macOwner.key({ idc, mac: former })]),
  ];
  const second = further.length === 0 ? first : await ReadRecords.of(store, further);
  return {
    ...{ task, server, macOwner },
    rival:
      rivalSn === undefined
        ? undefined
        : {
            sn: rivalSn,
            task: second.get(keyspace.task, { idc, sn: rivalSn }),
            server: second.get(keyspace.server, { idc, sn: rivalSn }),
          },
    formerMac:
      former === undefined ? undefined : { mac: former, owner: second.get(keyspace.macOwner, { idc, mac: former }) },
  };
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
  const { server, macOwner, rival, formerMac } = found;
  const writes: Write[] = [];
  if (server?.value.mac !== mac) {
    const record: ServerRecord = { status: 'pending', added_at: at, ...server?.value, sn, mac };
    writes.push({ kind: 'put', key: keyspace.server.key({ idc, sn }), value: encodeRecord(record) });
  }
  if (macOwner?.value.sn !== sn) {
    writes.push({ kind: 'put', key: keyspace.macOwner.key({ idc, mac }), value: encodeRecord({ sn }) });
  }
  if (rival?.server?.value.mac === mac) {
    const { mac: _given, ...rest } = rival.server.value;
    writes.push({ kind: 'put', key: rival.server.key, value: encodeRecord(rest) });
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
  store: Store,
  request: InstallRequest,
  birth: Birth & { readonly reason?: string | undefined },
): Promise<PlannedChange<Task>> {
  const { idc, sn } = request;
  const found = await readCircumstances(store, request);
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
