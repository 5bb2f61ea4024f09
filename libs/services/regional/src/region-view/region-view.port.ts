import type { IdcSettingsRecord, Revision, ServerRecord } from '@rackwright/contracts';
import type { Lease, Node, Reservation, Subnet } from '@rackwright/domain-netboot';
import type { Profile, Task } from '@rackwright/domain-provisioning';
import type { Mac, Sn } from '@rackwright/kernel';

/** A record of the view that appeared, changed or vanished; `id` is the last identifier of its key. */
export interface ViewChange {
  readonly kind: 'task' | 'server' | 'node' | 'subnet' | 'reservation' | 'lease' | 'settings' | 'profile' | 'unmatched';
  readonly id: string;
}

/**
 * What the region knows, in memory: etcd's state of its own prefixes, with what machines reported since etcd went
 * away. Reads never wait and never fail; the values they return are not changed afterwards.
 */
export interface RegionView {
  /** etcd revision up to which the view is complete; 0 before anything was read. */
  readonly revision: Revision;
  /** Whether etcd was read since the start; before, the newest records may be missing. */
  readonly isConfirmed: boolean;
  taskBySn(sn: Sn): Task | undefined;
  /** The task that installs the machine booting from `mac`: an unfinished one before a finished one. */
  taskByMac(mac: Mac): Task | undefined;
  nodeByMac(mac: Mac): Node | undefined;
  nodes(): Iterable<Node>;
  serverBySn(sn: Sn): ServerRecord | undefined;
  reservationByMac(mac: Mac): Reservation | undefined;
  reservations(): Iterable<Reservation>;
  subnets(): readonly Subnet[];
  /** The leases etcd has; the region's own disk is ahead of them. */
  leases(): Iterable<Lease>;
  /** One of them, by the id of its {@link ViewChange}. */
  leaseByIp(ip: string): Lease | undefined;
  /** Stored profiles over the built-in ones. */
  profiles(): readonly Profile[];
  settings(): IdcSettingsRecord;
  /** Calls `listener` after each batch of changes; the returned function ends that. */
  onChange(listener: (changes: readonly ViewChange[]) => void): () => void;
}
