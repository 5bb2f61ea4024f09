import type {
  Approval,
  BootAttempt,
  Json,
  ProgressEntry,
  StatusChange,
  TaskStatus,
} from '@rackwright/domain-provisioning';
import { taskStatuses } from '@rackwright/domain-provisioning';
import { leaseStates, nodeStatuses, type LeaseState, type NodeStatus } from '@rackwright/domain-netboot';
import type { Idc, Instant, Ipv4, Mac, Sn } from '@rackwright/kernel';
import { parseIpv4 } from '@rackwright/kernel';
import {
  BooleanField,
  EnumField,
  IdcField,
  InstantField,
  IntegerField,
  Ipv4Field,
  JsonField,
  MacField,
  NumberField,
  ObjectField,
  SnField,
  TextField,
  TextListField,
  TextMapField,
} from '../fields/index.js';
import { Hardware } from '../http/hardware.js';
import { PutReservation, PutSubnet } from '../http/network.js';
import { PutProfile } from '../http/profiles.js';
import { CreateTask } from '../http/tasks.js';

const RECORD_JSON = { maxBytes: 1_000_000, allowList: true } as const;
const FREE_TEXT = { minLength: 0, maxLength: 4_096, multiline: true } as const;

/** `/os/{idc}/machines/{sn}/task`: the wire form of `Task`. */
export class TaskRecord extends CreateTask {
  @TextField({
    description: 'Attempt',
    maxLength: 64,
    pattern: /^task-[0-9a-f]{8}$/,
    shape: '"task-" and 8 hex digits',
  })
  readonly task_id!: string;
  @TextField({ description: 'Profile', maxLength: 64 }) declare readonly profile: string;
  @EnumField({ description: 'State', values: taskStatuses }) readonly status!: TaskStatus;
  @IntegerField({ description: 'Number of the attempt', min: 1, max: 1_000_000 }) readonly attempt!: number;
  @JsonField({ description: 'Progress', ...RECORD_JSON }) readonly progress!: readonly ProgressEntry[];
  @NumberField({ description: 'Progress in percent', min: 0, max: 100 }) readonly percent!: number;
  @JsonField({ description: 'Newest log lines', ...RECORD_JSON }) readonly logs!: readonly string[];
  @JsonField({ description: 'States it went through', ...RECORD_JSON })
  readonly status_history!: readonly StatusChange[];
  @JsonField({ description: 'Approval', optional: true, maxBytes: 16_384 }) readonly approval?: Approval;
  @BooleanField({ description: 'The region switched the boot script' }) readonly pxe_configured!: boolean;
  @InstantField() readonly created_at!: Instant;
  @InstantField() readonly updated_at!: Instant;
  @TextField({ description: 'Who created it', ...FREE_TEXT }) readonly created_by!: string;
  @JsonField({ description: 'Boot token and what it was used for', maxBytes: 4_096 }) readonly boot!: BootAttempt;
  @IntegerField({ description: 'Events so far', min: 0, max: 1_000_000_000 }) readonly event_count!: number;
  @TextField({ description: 'W3C trace context', optional: true, maxLength: 64 }) readonly traceparent?: string;
}

/** `/os/{idc}/servers/{sn}`. */
export class ServerRecord {
  @SnField() readonly sn!: Sn;
  @EnumField({ description: 'pending until its hardware is known', values: ['pending', 'registered'] })
  readonly status!: 'pending' | 'registered';
  @MacField({ optional: true }) readonly mac?: Mac;
  @InstantField() readonly added_at!: Instant;
  @TextField({ description: 'Note', optional: true, ...FREE_TEXT }) readonly note?: string;
  @TextMapField({ description: 'Labels', optional: true, maxItems: 64 }) readonly labels?: Record<string, string>;
  @BooleanField({ description: 'Under maintenance', optional: true }) readonly maintenance?: boolean;
}

/** `/os/{idc}/macs/{mac}`: which machine a MAC belongs to; makes one MAC mean one machine. */
export class MacOwnerRecord {
  @SnField() readonly sn!: Sn;
}

/** `/os/{idc}/machines/{sn}/meta`. */
export class MachineMetaRecord {
  @SnField() readonly sn!: Sn;
  @MacField() readonly mac!: Mac;
  @ObjectField({ description: 'Hardware', of: Hardware }) readonly hardware!: Hardware;
  @InstantField() readonly reported_at!: Instant;
}

/** `/os/{idc}/machines/{sn}/lease`: the agent is alive; attached to a 30 s lease. */
export class MachineLivenessRecord {
  @TextField({ description: 'Attempt', maxLength: 64 }) readonly task_id!: string;
  @InstantField() readonly since!: Instant;
}

/** `/os/{idc}/nodes/{mac}`: the wire form of `Node`. */
export class NodeRecord {
  @MacField() readonly mac!: Mac;
  @IdcField() readonly idc!: Idc;
  @EnumField({ description: 'State', values: nodeStatuses }) readonly status!: NodeStatus;
  @SnField({ optional: true }) readonly sn?: Sn;
  @Ipv4Field({ optional: true }) readonly ip?: Ipv4;
  @Ipv4Field({ optional: true }) readonly netmask?: Ipv4;
  @Ipv4Field({ optional: true }) readonly gateway?: Ipv4;
  @TextListField({
    description: 'Name servers',
    maxItems: 8,
    maxLength: 15,
    parse: parseIpv4,
    shape: 'an IPv4 address',
  })
  readonly dns!: readonly Ipv4[];
  @TextField({ description: 'Host name', optional: true, maxLength: 253 }) readonly hostname?: string;
  @EnumField({ description: 'Overrides the boot script once', optional: true, values: ['local-boot', 'rescue'] })
  readonly boot_override?: 'local-boot' | 'rescue';
  @InstantField() readonly created_at!: Instant;
  @InstantField() readonly updated_at!: Instant;
  @InstantField({ optional: true }) readonly last_heartbeat?: Instant;
}

/** `/os/{idc}/subnets/{name}`: what `PUT /api/v1/subnets` took, completed. */
export class SubnetRecord extends PutSubnet {
  @TextField({ description: 'Name', maxLength: 64 }) readonly name!: string;
}

/** `/os/{idc}/reservations/{mac}`. */
export class ReservationRecord extends PutReservation {
  @MacField() readonly mac!: Mac;
}

/** `/os/{idc}/ips/{ip}`: which reservation an address belongs to; makes one address mean one reservation. */
export class IpOwnerRecord {
  @MacField() readonly mac!: Mac;
}

/** `/os/{idc}/subnet_guard`: rewritten with every subnet, so that two overlapping ones cannot be written at once. */
export class SubnetGuardRecord {
  @InstantField() readonly changed_at!: Instant;
}

/** `/os/{idc}/leases/{ip}`: the wire form of `Lease`. */
export class LeaseRecord {
  @Ipv4Field() readonly ip!: Ipv4;
  @MacField({ optional: true }) readonly mac?: Mac;
  @TextField({ description: 'Option 61 in hexadecimal', optional: true, maxLength: 510 }) readonly client_id?: string;
  @TextField({ description: 'Host name', optional: true, maxLength: 255 }) readonly hostname?: string;
  @TextField({ description: 'Subnet', maxLength: 64 }) readonly subnet!: string;
  @EnumField({ description: 'State', values: leaseStates })
  readonly state!: LeaseState;
  @InstantField() readonly granted_at!: Instant;
  @InstantField() readonly expires_at!: Instant;
  @IntegerField({ description: 'Writes to this address', min: 0, max: Number.MAX_SAFE_INTEGER })
  readonly version!: number;
}

/** `/os/{idc}/settings`. */
export class IdcSettingsRecord {
  @IntegerField({ description: 'Minutes from approval to first boot', optional: true, min: 1, max: 10_080 })
  readonly first_boot_minutes?: number;
  @IntegerField({ description: 'Minutes an installation may take', optional: true, min: 1, max: 10_080 })
  readonly install_minutes?: number;
  @IntegerField({ description: 'Minutes without progress', optional: true, min: 1, max: 10_080 })
  readonly silence_minutes?: number;
}

/** `/os/region/{idc}/info`. */
export class RegionInfoRecord {
  @IdcField() readonly idc!: Idc;
  /** Survives restarts of the same installation, so that it can take its own place again at once. */
  @TextField({ description: 'Installation', maxLength: 64 }) readonly instance!: string;
  @TextField({ description: 'Version', maxLength: 64 }) readonly version!: string;
  @TextField({ description: 'HTTP address as machines reach it', maxLength: 256 }) readonly http_url!: string;
  @TextField({ description: 'DHCP mode', maxLength: 32 }) readonly dhcp_mode!: string;
  @InstantField() readonly started_at!: Instant;
}

/** `/os/region/{idc}/journals/{instance}`: how far the facts a region kept on its disk have been written. */
export class JournalCursorRecord {
  @IntegerField({ description: 'Position in the journal', min: 0, max: Number.MAX_SAFE_INTEGER })
  readonly position!: number;
  @InstantField() readonly at!: Instant;
}

/** `/os/region/{idc}/heartbeat`: attached to a 30 s lease; its counters are rewritten every few seconds. */
export class RegionHeartbeatRecord {
  @TextField({ description: 'Installation', maxLength: 64 }) readonly instance!: string;
  @InstantField() readonly at!: Instant;
  @JsonField({ description: 'DHCP, TFTP and HTTP counters', maxBytes: 65_536 })
  readonly counters!: Readonly<Record<string, number>>;
  @IntegerField({ description: 'Reports kept on disk until etcd is back', min: 0, max: Number.MAX_SAFE_INTEGER })
  readonly journal_length!: number;
  @TextField({ description: 'etcd revision of its view', maxLength: 24 }) readonly view_revision!: string;
}

/** `/os/global/regions/{idc}`: the liveness last announced as an event. */
export class RegionPresenceRecord {
  @BooleanField({ description: 'Online' }) readonly online!: boolean;
  @InstantField() readonly since!: Instant;
}

/** `/os/unmatched_reports/{idc}/{mac}`. */
export class UnmatchedReportRecord {
  @SnField() readonly sn!: Sn;
  @MacField() readonly mac_address!: Mac;
  @ObjectField({ description: 'Hardware', of: Hardware }) readonly hardware!: Hardware;
  @InstantField() readonly first_seen!: Instant;
  @InstantField() readonly last_seen!: Instant;
}

/** `/os/global/profiles/{name}`. */
export class ProfileRecord extends PutProfile {
  @TextField({ description: 'Name', maxLength: 64 }) readonly name!: string;
}

/** `/os/{idc}/commands/{mac}/{id}`: a command sent to a host agent; vanishes with its lease. */
export class NodeCommandRecord {
  @TextField({ description: 'Command id', maxLength: 64 }) readonly id!: string;
  @MacField() readonly mac!: Mac;
  @TextField({ description: 'Command', maxLength: 64 }) readonly command!: string;
  @JsonField({ description: 'Arguments', maxBytes: 131_072, allowList: true }) readonly args!: readonly string[];
  @EnumField({ description: 'State', values: ['sent', 'acked', 'succeeded', 'failed', 'timeout'] })
  readonly status!: 'sent' | 'acked' | 'succeeded' | 'failed' | 'timeout';
  @InstantField() readonly created_at!: Instant;
  @InstantField() readonly deadline_at!: Instant;
  @InstantField({ optional: true }) readonly finished_at?: Instant;
  @JsonField({ description: 'What the agent answered', optional: true, maxBytes: 65_536 }) readonly result?: Json;
}

/** `/os/outbox/{idc}/{event id}`: an event that is written with its cause and not yet in the stream. */
export class OutboxRecord {
  @TextField({ description: 'Event id', maxLength: 128 }) readonly id!: string;
  @TextField({ description: 'Event type', maxLength: 64 }) readonly type!: string;
  @IdcField() readonly idc!: Idc;
  @TextField({ description: 'What it is about', maxLength: 256 }) readonly subject!: string;
  @InstantField() readonly at!: Instant;
  @JsonField({ description: 'Facts', maxBytes: 262_144 }) readonly data!: Readonly<Record<string, unknown>>;
  @TextField({ description: 'W3C trace context', optional: true, maxLength: 64 }) readonly traceparent?: string;
}
