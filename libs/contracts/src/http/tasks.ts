import {
  taskStatuses,
  type Approval,
  type Json,
  type ProgressEntry,
  type StatusChange,
  type TaskStatus,
} from '@rackwright/domain-provisioning';
import type { Idc, Instant, Ipv4, Mac, Sn } from '@rackwright/kernel';
import {
  BooleanField,
  EnumField,
  IdcField,
  InstantField,
  IntegerField,
  Ipv4Field,
  JsonField,
  MacField,
  RawListField,
  SnField,
  TextField,
  TextListField,
  TextMapField,
} from '../fields/index.js';
import { PageQuery } from './paging.js';

/** RFC 1123 host name, possibly qualified; nothing that a shell, a script or an answer file could read as syntax. */
export const HOSTNAME_PATTERN =
  /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i;
/** One or more OpenSSH public keys, as in `authorized_keys`. */
const SSH_KEY_PATTERN =
  /^(?:ssh-(?:ed25519|rsa|dss)|ecdsa-sha2-nistp(?:256|384|521)|sk-[a-z0-9@.-]+) [A-Za-z0-9+/=]+(?: [^"'`$\\]*)?$/;
/** Debian, RPM and SUSE package names, with an optional version. */
const PACKAGE_PATTERN = /^[A-Za-z0-9][A-Za-z0-9+._:~=-]*$/;
/** Words of a kernel command line: no quotes, no expansion of any of the languages they pass through. */
export const KERNEL_ARGS_PATTERN = /^[A-Za-z0-9 ._,:;=/@%+~!^*-]*$/;

/** `POST /api/v1/tasks`. */
export class CreateTask {
  @IdcField() readonly idc!: Idc;
  @SnField() readonly sn!: Sn;
  @MacField({ description: 'MAC address of the interface the machine boots from' }) readonly mac!: Mac;
  @TextField({
    description: 'Operating system family, or family and version',
    maxLength: 64,
    example: 'Ubuntu 22.04',
    pattern: /^[A-Za-z0-9][A-Za-z0-9 ._-]*$/,
    shape: 'of letters, digits, spaces and "._-"',
  })
  readonly os_type!: string;
  @TextField({
    description: 'Operating system version',
    maxLength: 32,
    example: '22.04',
    pattern: /^[A-Za-z0-9][A-Za-z0-9 ._-]*$/,
    shape: 'of letters, digits, spaces and "._-"',
  })
  readonly os_version!: string;
  @TextField({
    description: 'Host name of the installed system',
    optional: true,
    maxLength: 253,
    example: 'node-001',
    pattern: HOSTNAME_PATTERN,
    shape: 'a host name (RFC 1123)',
  })
  readonly hostname?: string;
  @Ipv4Field({ description: 'Address of the installed system', optional: true }) readonly ip?: Ipv4;
  @TextField({
    description: 'Profile name or alias; default: found by os_type and os_version',
    optional: true,
    maxLength: 64,
    example: 'ubuntu-22.04',
    pattern: /^[A-Za-z0-9][A-Za-z0-9 ._-]*$/,
    shape: 'a profile name',
  })
  readonly profile?: string;
  @JsonField({ description: 'Disk layout', optional: true, maxBytes: 16_384, allowText: true })
  readonly disk_layout?: Json;
  @JsonField({ description: 'Network configuration', optional: true, maxBytes: 16_384, allowText: true })
  readonly network_config?: Json;
  @TextListField({
    description: 'SSH public keys for the administrator account',
    optional: true,
    maxItems: 64,
    maxLength: 4_096,
    pattern: SSH_KEY_PATTERN,
    shape: 'an OpenSSH public key',
  })
  readonly ssh_keys?: readonly string[];
  @TextListField({
    description: 'Additional packages',
    optional: true,
    maxItems: 256,
    maxLength: 128,
    pattern: PACKAGE_PATTERN,
    shape: 'a package name',
  })
  readonly packages?: readonly string[];
  @TextField({
    description: 'Additional kernel arguments',
    optional: true,
    minLength: 0,
    maxLength: 1_024,
    example: 'console=ttyS0,115200n8',
    pattern: KERNEL_ARGS_PATTERN,
    shape: 'words of letters, digits and "._,:;=/@%+~!^*-"',
  })
  readonly kernel_args?: string;
  @TextMapField({ description: 'Free tags', optional: true, maxItems: 64 }) readonly tags?: Record<string, string>;
  @IntegerField({ description: '1 (last) to 10 (first)', optional: true, min: 1, max: 10, example: 5 })
  readonly priority?: number;
  @BooleanField({ description: 'Approve in the same step', optional: true }) readonly auto_approve?: boolean;
}

/** Largest batch one request may carry. */
export const MAX_BATCH_TASKS = 500;

/** `POST /api/v1/tasks/batch`; items are validated one by one, so a bad one does not refuse the others. */
export class BatchTasks {
  @RawListField({ description: 'Tasks to create', of: CreateTask, minItems: 1, maxItems: MAX_BATCH_TASKS })
  readonly tasks!: readonly unknown[];
}

const NOTE = { optional: true, minLength: 0, maxLength: 2_000 } as const;

/** `POST /api/v1/tasks/:idc/:sn/approve`; an empty body approves. */
export class ApproveTask {
  @TextField({ description: 'Why', ...NOTE, example: 'ok' }) readonly notes?: string;
  @BooleanField({ description: '`false` rejects', optional: true }) readonly approved?: boolean;
  @TextField({ description: 'Why not, with approved: false', ...NOTE }) readonly reason?: string;
}

/** `POST /api/v1/tasks/:idc/:sn/{reject,cancel,retry}`. */
export class TaskReason {
  @TextField({ description: 'Why', ...NOTE, example: 'wrong machine' }) readonly reason?: string;
}

/** `GET /api/v1/tasks`. */
export class ListTasks extends PageQuery {
  @IdcField({ optional: true }) readonly idc?: Idc;
  @EnumField({ description: 'Only tasks in this state', optional: true, values: taskStatuses })
  readonly status?: TaskStatus;
  @SnField({ optional: true }) readonly sn?: Sn;
  @TextField({ description: 'Only this os_type (any case)', optional: true, maxLength: 64 }) readonly os_type?: string;
  @InstantField({ description: 'Only tasks created after this instant', optional: true })
  readonly created_after?: Instant;
  @TextField({ description: 'Only tasks with this tag: `key` or `key=value`', optional: true, maxLength: 320 })
  readonly tag?: string;
}

/** A task as the API shows it. */
export interface TaskView {
  readonly task_id: string;
  readonly idc: Idc;
  readonly sn: Sn;
  /** Colon spelling. */
  readonly mac: string;
  readonly ip?: Ipv4;
  readonly hostname?: string;
  readonly os_type: string;
  readonly os_version: string;
  readonly profile: string;
  readonly disk_layout?: Json;
  readonly network_config?: Json;
  readonly ssh_keys: readonly string[];
  readonly packages: readonly string[];
  readonly kernel_args: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly priority: number;
  readonly status: TaskStatus;
  readonly attempt: number;
  readonly progress: readonly ProgressEntry[];
  readonly percent: number;
  readonly logs: readonly string[];
  readonly status_history: readonly StatusChange[];
  readonly approval?: Approval;
  readonly pxe_configured: boolean;
  readonly created_at: Instant;
  readonly updated_at: Instant;
  readonly created_by: string;
  readonly deadline_at?: Instant;
  readonly traceparent?: string;
  /** The etcd revision, as text: it may exceed what JSON numbers hold exactly. */
  readonly revision: string;
}
