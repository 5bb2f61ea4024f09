import type { Idc } from '@rackwright/kernel';
import { defineKey } from './key-contract.js';
import {
  IdcSettingsRecord,
  IpOwnerRecord,
  JournalCursorRecord,
  LeaseRecord,
  MachineLivenessRecord,
  MachineMetaRecord,
  MacOwnerRecord,
  NodeCommandRecord,
  NodeRecord,
  OutboxRecord,
  ProfileRecord,
  RegionHeartbeatRecord,
  RegionInfoRecord,
  RegionPresenceRecord,
  ReservationRecord,
  ServerRecord,
  SubnetGuardRecord,
  SubnetRecord,
  TaskRecord,
  UnmatchedReportRecord,
} from './records.js';

/** Every key of the product in etcd. One schema each; who writes is part of the contract. */
export const keyspace = {
  server: defineKey('/os/{idc}/servers/{sn}', { schema: ServerRecord, writers: ['control-plane', 'regional'] }),
  macOwner: defineKey('/os/{idc}/macs/{mac}', { schema: MacOwnerRecord, writers: ['control-plane', 'regional'] }),
  task: defineKey('/os/{idc}/machines/{sn}/task', { schema: TaskRecord, writers: ['control-plane', 'regional'] }),
  /** The control plane writes it once, when a claim turns a report into a machine. */
  meta: defineKey('/os/{idc}/machines/{sn}/meta', {
    schema: MachineMetaRecord,
    writers: ['regional', 'control-plane'],
  }),
  liveness: defineKey('/os/{idc}/machines/{sn}/lease', { schema: MachineLivenessRecord, writers: ['regional'] }),
  history: defineKey('/os/{idc}/machines/{sn}/history/{task_id}', {
    schema: TaskRecord,
    writers: ['control-plane', 'regional'],
  }),
  node: defineKey('/os/{idc}/nodes/{mac}', { schema: NodeRecord, writers: ['regional'] }),
  command: defineKey('/os/{idc}/commands/{mac}/{id}', { schema: NodeCommandRecord, writers: ['control-plane'] }),
  subnet: defineKey('/os/{idc}/subnets/{name}', { schema: SubnetRecord, writers: ['control-plane'] }),
  reservation: defineKey('/os/{idc}/reservations/{mac}', { schema: ReservationRecord, writers: ['control-plane'] }),
  ipOwner: defineKey('/os/{idc}/ips/{ip}', { schema: IpOwnerRecord, writers: ['control-plane'] }),
  subnetGuard: defineKey('/os/{idc}/subnet_guard', { schema: SubnetGuardRecord, writers: ['control-plane'] }),
  settings: defineKey('/os/{idc}/settings', { schema: IdcSettingsRecord, writers: ['control-plane'] }),
  lease: defineKey('/os/{idc}/leases/{ip}', { schema: LeaseRecord, writers: ['regional'] }),
  regionInfo: defineKey('/os/region/{idc}/info', { schema: RegionInfoRecord, writers: ['regional'] }),
  regionHeartbeat: defineKey('/os/region/{idc}/heartbeat', { schema: RegionHeartbeatRecord, writers: ['regional'] }),
  journalCursor: defineKey('/os/region/{idc}/journals/{instance}', {
    schema: JournalCursorRecord,
    writers: ['regional'],
  }),
  regionPresence: defineKey('/os/global/regions/{idc}', { schema: RegionPresenceRecord, writers: ['control-plane'] }),
  unmatched: defineKey('/os/unmatched_reports/{idc}/{mac}', {
    schema: UnmatchedReportRecord,
    writers: ['regional', 'control-plane'],
  }),
  profile: defineKey('/os/global/profiles/{name}', { schema: ProfileRecord, writers: ['control-plane'] }),
  outbox: defineKey('/os/outbox/{idc}/{id}', { schema: OutboxRecord, writers: ['control-plane', 'regional'] }),
} as const;

/** Everything below one root. */
export const ROOT_PREFIX = '/os/';
/** Events waiting to be published. */
export const OUTBOX_PREFIX = '/os/outbox/';
/** Profiles, which every region needs. */
export const PROFILES_PREFIX = '/os/global/profiles/';
/** Held by the control plane replica that enforces deadlines and publishes events. */
export const LEADER_KEY = '/os/global/leader';

/** All keys of one data centre. */
export function idcPrefix(idc: Idc): string {
  return `/os/${idc}/`;
}
