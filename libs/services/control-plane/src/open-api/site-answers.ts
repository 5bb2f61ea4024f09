import { ApiProperty, ApiPropertyOptional, OmitType } from '@nestjs/swagger';
import {
  Hardware,
  LeaseRecord,
  NodeCommandRecord,
  NodeRecord,
  ProfileRecord,
  ReservationRecord,
  ServerRecord,
  SubnetRecord,
  UnmatchedReportRecord,
} from '@rackwright/contracts';

const IDC = { type: String, description: 'Data centre' } as const;
const REVISION = { type: String, description: 'etcd revision; also in ETag', example: '42' } as const;
const COLON_MAC = { type: String, description: 'MAC address', example: '00:1a:2b:3c:4d:5e' } as const;
const INSTANT = { type: String, format: 'date-time' } as const;
const COUNT = { type: 'integer', minimum: 0 } as const;
const COUNTS = { type: 'object', additionalProperties: { type: 'integer' } } as const;

/** A machine. */
export class ServerAnswer extends OmitType(ServerRecord, ['mac'] as const) {
  @ApiProperty(IDC) readonly idc!: string;
  @ApiProperty({ ...COLON_MAC, required: false }) readonly mac?: string;
  @ApiProperty({ required: false, type: Hardware }) readonly hardware?: Hardware;
  @ApiProperty({ type: Boolean, description: 'Its agent is alive now' }) readonly online!: boolean;
  @ApiProperty({ ...INSTANT, required: false }) readonly last_seen?: string;
  @ApiProperty(REVISION) readonly revision!: string;
}

/** Hardware that reported without a task. */
export class UnmatchedAnswer extends OmitType(UnmatchedReportRecord, ['mac_address'] as const) {
  @ApiProperty(IDC) readonly idc!: string;
  @ApiProperty(COLON_MAC) readonly mac!: string;
}

/** A machine seen by its MAC. */
export class NodeAnswer extends NodeRecord {
  @ApiProperty(REVISION) readonly revision!: string;
}

/** A command to a node. */
export class CommandAnswer extends NodeCommandRecord {}

/** Counts of one IDC. */
export class IdcStatsAnswer {
  @ApiProperty(IDC) readonly idc!: string;
  @ApiProperty({ type: Boolean }) readonly region_online!: boolean;
  @ApiProperty({ ...COUNTS, description: 'Tasks by status' }) readonly tasks!: object;
  @ApiProperty(COUNT) readonly tasks_total!: number;
  @ApiProperty(COUNT) readonly machines!: number;
  @ApiProperty(COUNT) readonly machines_online!: number;
  @ApiProperty({ ...COUNTS, description: 'Nodes by status' }) readonly nodes!: object;
  @ApiProperty(COUNT) readonly unmatched!: number;
  @ApiProperty(COUNT) readonly leases_active!: number;
}

/** Counts of all IDCs. */
export class SiteStatsAnswer {
  @ApiProperty({ type: [IdcStatsAnswer] }) readonly idcs!: readonly IdcStatsAnswer[];
  @ApiProperty({ ...COUNTS, description: 'Tasks by status' }) readonly tasks!: object;
  @ApiProperty(COUNT) readonly tasks_total!: number;
  @ApiProperty(COUNT) readonly machines!: number;
  @ApiProperty(COUNT) readonly regions_online!: number;
}

/** A region. */
export class RegionAnswer {
  @ApiProperty(IDC) readonly idc!: string;
  @ApiProperty({ type: Boolean, description: 'Its liveness key exists' }) readonly online!: boolean;
  @ApiProperty({ type: String, required: false }) readonly version?: string;
  @ApiProperty({ type: String, required: false }) readonly http_url?: string;
  @ApiProperty({ type: String, required: false }) readonly dhcp_mode?: string;
  @ApiProperty({ ...INSTANT, required: false }) readonly started_at?: string;
  @ApiProperty({ ...INSTANT, required: false }) readonly last_heartbeat?: string;
  @ApiPropertyOptional({ ...COUNTS, description: 'DHCP, TFTP and HTTP counters' }) readonly counters?: object;
  @ApiProperty({ ...COUNT, required: false, description: 'Reports kept on its disk' }) readonly journal_length?: number;
  @ApiProperty({ ...COUNT, required: false, description: 'Revisions its view was behind' })
  readonly lag_revisions?: number;
  @ApiProperty({ ...INSTANT, required: false, description: 'Since when it is online or offline' })
  readonly since?: string;
}

/** A network. */
export class SubnetAnswer extends SubnetRecord {
  @ApiProperty(IDC) readonly idc!: string;
  @ApiProperty(REVISION) readonly revision!: string;
}

/** Fixed data of one machine. */
export class ReservationAnswer extends OmitType(ReservationRecord, ['mac'] as const) {
  @ApiProperty(IDC) readonly idc!: string;
  @ApiProperty(COLON_MAC) readonly mac!: string;
  @ApiProperty(REVISION) readonly revision!: string;
}

/** A DHCP lease. */
export class LeaseAnswer extends OmitType(LeaseRecord, ['mac'] as const) {
  @ApiProperty(IDC) readonly idc!: string;
  @ApiProperty({ ...COLON_MAC, required: false }) readonly mac?: string;
}

/** An install recipe. */
export class ProfileAnswer extends ProfileRecord {
  @ApiProperty({ type: Boolean, description: 'Comes with the product and is not overridden' })
  readonly builtin!: boolean;
  @ApiProperty({ ...REVISION, required: false, description: 'Absent for a built-in profile' })
  readonly revision?: string;
}
