import { ApiProperty, OmitType } from '@nestjs/swagger';
import { LeaseRecord, NodeRecord, TaskRecord } from '@rackwright/contracts';

const INSTANT = { type: String, format: 'date-time' } as const;
const COUNT = { type: 'integer', minimum: 0 } as const;
const TEXT = { type: String } as const;
const TEXTS = { type: String, isArray: true } as const;
const FREE = { type: 'object', additionalProperties: true } as const;
const SOMETIMES = { required: false } as const;
const REVISION = { type: String, description: 'etcd revision; also in ETag', example: '42' } as const;

/** A task as its machine sees it. */
export class TaskAnswer extends OmitType(TaskRecord, ['boot', 'event_count'] as const) {
  @ApiProperty({ ...INSTANT, ...SOMETIMES, description: 'When the task fails unless it gets on' })
  readonly deadline_at?: string;
  @ApiProperty(REVISION) readonly revision!: string;
}

/** A machine seen by its MAC. */
export class NodeAnswer extends NodeRecord {
  @ApiProperty(REVISION) readonly revision!: string;
}

/** A DHCP lease. */
export class LeaseAnswer extends OmitType(LeaseRecord, ['mac'] as const) {
  @ApiProperty({ ...TEXT, ...SOMETIMES, example: '00:1a:2b:3c:4d:5e' }) readonly mac?: string;
}

/** A report that was taken; 202 and `retry_after` for a machine without a task. */
export class ReportAnswer {
  @ApiProperty({ enum: ['accepted', 'unmatched'] }) readonly result!: string;
  @ApiProperty({ ...TEXT, ...SOMETIMES }) readonly task_id?: string;
  @ApiProperty({ ...TEXT, ...SOMETIMES }) readonly status?: string;
  @ApiProperty({ ...COUNT, ...SOMETIMES, description: 'Seconds until the next report' }) readonly retry_after?: number;
}

/** Where the attempt is now. */
export class ProgressAnswer {
  @ApiProperty({ enum: ['accepted'] }) readonly result!: string;
  @ApiProperty(TEXT) readonly task_id!: string;
  @ApiProperty(TEXT) readonly status!: string;
  @ApiProperty({ type: Number, minimum: 0, maximum: 100 }) readonly percent!: number;
}

/** Log lines that were taken. */
export class LogsAnswer {
  @ApiProperty({ enum: ['accepted'] }) readonly result!: string;
  @ApiProperty(COUNT) readonly lines!: number;
}

/** Whether the machine is to be installed. */
export class QueueAnswer {
  @ApiProperty({ type: Boolean }) readonly result!: boolean;
}

/** What the agent does next. */
export class OperationAnswer {
  @ApiProperty({ enum: ['hardware_config', 'network_config', 'os_install', 'reboot', 'complete', 'wait'] })
  readonly operation!: string;
  @ApiProperty(FREE) readonly data!: object;
}

class HardwareStepAnswer {
  @ApiProperty({ enum: ['raid', 'bios'] }) readonly kind!: string;
  @ApiProperty(FREE) readonly settings!: object;
}

/** What to do to the hardware before the installation. */
export class HardwareConfigAnswer {
  @ApiProperty(TEXT) readonly task_id!: string;
  @ApiProperty({ type: [HardwareStepAnswer] }) readonly steps!: readonly HardwareStepAnswer[];
}

/** How the machine is installed. */
export class InstallPlanAnswer {
  @ApiProperty(TEXT) readonly task_id!: string;
  @ApiProperty(TEXT) readonly profile!: string;
  @ApiProperty(TEXT) readonly family!: string;
  @ApiProperty(TEXT) readonly version!: string;
  @ApiProperty(TEXT) readonly arch!: string;
  @ApiProperty({ enum: ['preseed', 'autoinstall', 'kickstart', 'agent'] }) readonly format!: string;
  @ApiProperty(TEXT) readonly kernel_url!: string;
  @ApiProperty(TEXTS) readonly initrd_urls!: readonly string[];
  @ApiProperty({ ...TEXT, ...SOMETIMES }) readonly answer_url?: string;
  @ApiProperty({ ...TEXT, ...SOMETIMES }) readonly image_url?: string;
  @ApiProperty({ ...TEXT, ...SOMETIMES }) readonly image_sha256?: string;
  @ApiProperty(FREE) readonly disk_layout!: object;
  @ApiProperty({ ...FREE, description: 'mac, hostname, ip, config' }) readonly network!: object;
  @ApiProperty(TEXTS) readonly packages!: readonly string[];
  @ApiProperty(TEXTS) readonly ssh_keys!: readonly string[];
  @ApiProperty(TEXT) readonly kernel_args!: string;
  @ApiProperty(TEXTS) readonly late_steps!: readonly string[];
}

/** A server of the boot plane and its counters. */
export class ServerStatusAnswer {
  @ApiProperty({ enum: ['running', 'stopped'] }) readonly status!: string;
  @ApiProperty({ ...TEXT, ...SOMETIMES, description: 'Address and port it listens on' }) readonly address?: string;
  @ApiProperty({ ...TEXT, ...SOMETIMES, description: 'DHCP only' }) readonly mode?: string;
  @ApiProperty({ type: Boolean, ...SOMETIMES, description: 'DHCP only' }) readonly dry_run?: boolean;
  @ApiProperty({ ...COUNT, ...SOMETIMES, description: 'DHCP only' }) readonly leases?: number;
  @ApiProperty({ ...COUNT, ...SOMETIMES, description: 'TFTP only' }) readonly sessions?: number;
  @ApiProperty({ ...TEXT, ...SOMETIMES, description: 'Syslog only' }) readonly tcp_address?: string;
  @ApiProperty({ ...COUNT, ...SOMETIMES, description: 'Syslog only: over TCP' }) readonly connections?: number;
}

/** What a machine boots next, unless that is the wait loop. */
export class BootConfigAnswer {
  @ApiProperty({ ...TEXT, example: '00:1a:2b:3c:4d:5e' }) readonly mac!: string;
  @ApiProperty({ enum: ['install', 'local-boot', 'rescue', 'own'] }) readonly script!: string;
  @ApiProperty({ ...TEXT, description: 'Why' }) readonly reason!: string;
  @ApiProperty({ ...TEXT, ...SOMETIMES }) readonly sn?: string;
}

class FileSourceAnswer {
  @ApiProperty(TEXT) readonly package!: string;
  @ApiProperty(TEXT) readonly version!: string;
}

/** A file that machines may read; what follows its name is there for files of the manifest. */
export class FileAnswer {
  @ApiProperty({ ...TEXT, description: 'Path below its folder' }) readonly name!: string;
  @ApiProperty({ ...TEXT, ...SOMETIMES, description: 'Digest it has to have' }) readonly sha256?: string;
  @ApiProperty({ ...COUNT, ...SOMETIMES, description: 'Octets it has to have' }) readonly size?: number;
  @ApiProperty({ ...TEXT, ...SOMETIMES, enum: ['verified', 'mismatch', 'missing', 'unchecked'] })
  readonly state?: string;
  @ApiProperty({ type: FileSourceAnswer, ...SOMETIMES }) readonly source?: FileSourceAnswer;
}

class RecordErrorAnswer {
  @ApiProperty(TEXT) readonly pointer!: string;
  @ApiProperty(TEXT) readonly detail!: string;
}

/** A stored record that breaks its schema. */
export class InvalidRecordAnswer {
  @ApiProperty(TEXT) readonly key!: string;
  @ApiProperty(TEXT) readonly revision!: string;
  @ApiProperty({ type: [RecordErrorAnswer] }) readonly errors!: readonly RecordErrorAnswer[];
}
