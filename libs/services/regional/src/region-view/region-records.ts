import {
  keyspace,
  type IdcSettingsRecord,
  type LeaseRecord,
  type NodeRecord,
  type ProfileRecord,
  type ReservationRecord,
  type ServerRecord,
  type SubnetRecord,
  type TaskRecord,
  type UnmatchedReportRecord,
} from '@rackwright/contracts';
import type { Idc, Instant, Mac, Sn } from '@rackwright/kernel';
import { recordKind, RecordList, type RecordKind, type RecordShelf } from './record-kind.js';
import { taskOf } from './stored-values.js';
import { TaskShelf } from './task-shelf.js';

/** What the view remembers of an unmatched report: the hardware stays in etcd. */
export interface UnmatchedSeen {
  readonly sn: Sn;
  readonly mac: Mac;
  readonly first_seen: Instant;
  readonly last_seen: Instant;
}

/** Every record the view keeps, by kind. Liveness, hardware, history and commands under the prefix are not kept. */
export class RegionRecords {
  readonly tasks = new TaskShelf();
  readonly servers = new RecordList<ServerRecord>();
  readonly nodes = new RecordList<NodeRecord>();
  readonly subnets = new RecordList<SubnetRecord>();
  readonly reservations = new RecordList<ReservationRecord>();
  readonly leases = new RecordList<LeaseRecord>();
  readonly profiles = new RecordList<ProfileRecord>();
  readonly settings = new RecordList<IdcSettingsRecord>();
  readonly unmatched = new RecordList<UnmatchedSeen>();
  readonly kinds: readonly RecordKind[];

  constructor(idc: Idc) {
    const at = keyspace;
    this.kinds = [
      recordKind(
        'task',
        { contract: at.task, part: 'sn', toKey: (sn) => at.task.key({ idc, sn }) },
        shelfOf(this.tasks),
      ),
      recordKind('node', { contract: at.node, part: 'mac', toKey: (mac) => at.node.key({ idc, mac }) }, this.nodes),
      recordKind(
        'server',
        { contract: at.server, part: 'sn', toKey: (sn) => at.server.key({ idc, sn }) },
        this.servers,
      ),
      recordKind('lease', { contract: at.lease, part: 'ip', toKey: (ip) => at.lease.key({ idc, ip }) }, this.leases),
      recordKind(
        'reservation',
        { contract: at.reservation, part: 'mac', toKey: (mac) => at.reservation.key({ idc, mac }) },
        this.reservations,
      ),
      recordKind(
        'subnet',
        { contract: at.subnet, part: 'name', toKey: (name) => at.subnet.key({ idc, name }) },
        this.subnets,
      ),
      recordKind('settings', { contract: at.settings, toKey: () => at.settings.key({ idc }) }, this.settings),
      recordKind(
        'profile',
        { contract: at.profile, part: 'name', toKey: (name) => at.profile.key({ name }) },
        this.profiles,
      ),
      recordKind(
        'unmatched',
        { contract: at.unmatched, part: 'mac', toKey: (mac) => at.unmatched.key({ idc, mac }) },
        unmatchedShelf(this.unmatched),
      ),
    ];
  }
}

function shelfOf(tasks: TaskShelf): RecordShelf<TaskRecord> {
  return {
    revisionOf: (id) => tasks.modRevisionOf(id as Sn),
    put: (_, record, modRevision) => {
      tasks.put(taskOf(record), modRevision);
    },
    restore: (_, record, modRevision) => {
      tasks.put(taskOf(record), modRevision, true);
    },
    delete: (id) => tasks.delete(id as Sn),
    distrust: () => {
      tasks.distrust();
    },
    texts: (accepts) => tasks.texts(accepts),
  };
}

/** Unmatched reports are left out of the snapshot: nothing that works without etcd needs them. */
function unmatchedShelf(seen: RecordList<UnmatchedSeen>): RecordShelf<UnmatchedReportRecord> {
  return {
    revisionOf: (id) => seen.revisionOf(id),
    put: (id, { sn, mac_address, first_seen, last_seen }, modRevision) => {
      seen.put(id, { sn, mac: mac_address, first_seen, last_seen }, modRevision);
    },
    delete: (id) => seen.delete(id),
    distrust: () => {
      seen.distrust();
    },
    texts: () => [],
  };
}
