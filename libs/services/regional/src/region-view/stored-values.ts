import {
  DEFAULT_LEASE_SECONDS,
  type ProfileRecord,
  type ReservationRecord,
  type SubnetRecord,
  type TaskRecord,
} from '@rackwright/contracts';
import type { Reservation, Subnet } from '@rackwright/domain-netboot';
import type { Profile, Task } from '@rackwright/domain-provisioning';
import { without } from './without.js';

const DEFAULT_PRIORITY = 5;

/** A stored task, with what an older writer may have left out. */
export function taskOf(record: TaskRecord): Task {
  return {
    ...without(record, 'auto_approve'),
    ssh_keys: record.ssh_keys ?? [],
    packages: record.packages ?? [],
    kernel_args: record.kernel_args ?? '',
    tags: record.tags ?? {},
    priority: record.priority ?? DEFAULT_PRIORITY,
  };
}

/** A stored subnet, completed. */
export function subnetOf(record: SubnetRecord): Subnet {
  return {
    ...record,
    pools: record.pools ?? [],
    exclusions: record.exclusions ?? [],
    dns: record.dns ?? [],
    ntp: record.ntp ?? [],
    search: record.search ?? [],
    routes: record.routes ?? [],
    lease_seconds: record.lease_seconds ?? DEFAULT_LEASE_SECONDS,
  };
}

/** A stored reservation, completed: a known machine may boot from the network unless it says otherwise. */
export function reservationOf(record: ReservationRecord): Reservation {
  return { ...record, allow_netboot: record.allow_netboot ?? true };
}

/** A stored profile as the domain knows it. */
export function profileOf(record: ProfileRecord): Profile {
  return {
    ...record,
    arch: record.arch ?? 'x86_64',
    aliases: record.aliases ?? [],
    initrds: record.initrds.map(({ path }) => path),
    kernel_args: record.kernel_args ?? '',
    defaults: record.defaults ?? {},
  };
}
