import type { Idc, Instant, Ipv4, Mac, Sn } from '@rackwright/kernel';

/** Every state of an install task. */
export const taskStatuses = [
  'pending',
  'approved',
  'installing',
  'completed',
  'failed',
  'rejected',
  'cancelled',
] as const;
export type TaskStatus = (typeof taskStatuses)[number];

/** A value from a JSON document. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** What the install agent does, in this order; `wait` and `complete` ask nothing of the machine. */
export const operations = ['hardware_config', 'network_config', 'os_install', 'reboot'] as const;
export type Operation = (typeof operations)[number];

export interface ProgressEntry {
  readonly step: string;
  /** 0 to 100; never less than the entry before. */
  readonly percent: number;
  readonly timestamp: Instant;
  readonly message: string;
}

export interface StatusChange {
  readonly status: TaskStatus;
  readonly timestamp: Instant;
  /** Who did it: a user, `region/{idc}`, or `deadline`. */
  readonly by: string;
  readonly reason: string;
}

export interface Approval {
  readonly status: 'approved' | 'rejected';
  readonly approved_by?: string;
  readonly approved_at?: Instant;
  readonly rejected_by?: string;
  readonly rejected_at?: Instant;
  readonly notes?: string;
  readonly reason?: string;
}

/** What this attempt has done on the machine so far; it makes the boot token one-shot. */
export interface BootAttempt {
  /** Secret the machine proves itself with; in its kernel command line, never in an API answer. */
  readonly token: string;
  /** How often the install script was handed out. */
  readonly boots: number;
  /** When it was handed out last. */
  readonly booted_at?: Instant;
  /** Set once the installer took over; from then on the machine boots from its disk. */
  readonly consumed_at?: Instant;
  readonly operations_done: readonly Operation[];
}

/** What an operator asked for. */
export interface InstallRequest {
  readonly idc: Idc;
  readonly sn: Sn;
  readonly mac: Mac;
  readonly ip?: Ipv4;
  readonly hostname?: string;
  readonly os_type: string;
  readonly os_version: string;
  /** Canonical profile name, e.g. `ubuntu-22.04`. */
  readonly profile: string;
  readonly disk_layout?: Json;
  readonly network_config?: Json;
  readonly ssh_keys: readonly string[];
  readonly packages: readonly string[];
  readonly kernel_args: string;
  readonly tags: Readonly<Record<string, string>>;
  /** 1 (last) to 10 (first). */
  readonly priority: number;
}

/** One attempt to install an operating system on a machine; one value in etcd. */
export interface Task extends InstallRequest {
  readonly task_id: string;
  readonly status: TaskStatus;
  /** 1 for the first attempt on this machine. */
  readonly attempt: number;
  readonly progress: readonly ProgressEntry[];
  readonly percent: number;
  /** The newest lines of the install log; all of them are in the log stream. */
  readonly logs: readonly string[];
  readonly status_history: readonly StatusChange[];
  readonly approval?: Approval;
  /** The region saw the approval and switched the boot script. */
  readonly pxe_configured: boolean;
  readonly created_at: Instant;
  readonly updated_at: Instant;
  readonly created_by: string;
  readonly boot: BootAttempt;
  /** Events this task has caused; numbers the next one, so that an event's id follows from the task's value. */
  readonly event_count: number;
  /** W3C trace context of the boot that runs this attempt, else of the request that created it. */
  readonly traceparent?: string;
}

/** An etcd value has a limit of 1.5 MB and every watcher gets all of it; these keep a task near 40 kB at worst. */
export const MAX_PROGRESS_ENTRIES = 200;
export const MAX_LOG_LINES = 100;
export const MAX_LOG_LINE_LENGTH = 500;
export const MAX_STATUS_CHANGES = 50;

/** Whether the task still occupies its machine. */
export function isUnfinished(status: TaskStatus): boolean {
  return status === 'pending' || status === 'approved' || status === 'installing';
}
