import type { Idc, Instant, Mac, Sn } from '@rackwright/kernel';
import { BooleanField, MacField, SnField, TextField, TextMapField } from '../fields/index.js';
import type { HardwareView } from './hardware.js';

/** `PUT /api/v1/servers/:idc/:sn`. */
export class PutServer {
  @MacField({ optional: true }) readonly mac?: Mac;
  @TextField({ description: 'Free note', optional: true, minLength: 0, maxLength: 2_000 }) readonly note?: string;
  @TextMapField({ description: 'Labels', optional: true, maxItems: 64 }) readonly labels?: Record<string, string>;
  @BooleanField({ description: 'No task may be created or approved for the machine', optional: true })
  readonly maintenance?: boolean;
}

/** `POST /api/v1/unmatched/:idc/:mac/claim`. */
export class ClaimMachine {
  @SnField({ description: 'Serial number the machine is to be known by' }) readonly sn!: Sn;
}

/** A machine as the API shows it. */
export interface ServerView {
  readonly idc: Idc;
  readonly sn: Sn;
  /** Colon spelling. */
  readonly mac?: string;
  readonly status: string;
  readonly note?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly maintenance: boolean;
  readonly added_at: Instant;
  readonly hardware?: HardwareView;
  /** The machine's agent is alive now. */
  readonly online: boolean;
  readonly last_seen?: Instant;
  readonly revision: string;
}

/** Hardware that reported without a task. */
export interface UnmatchedView {
  readonly idc: Idc;
  readonly mac: string;
  readonly sn: string;
  readonly hardware: HardwareView;
  readonly first_seen: Instant;
  readonly last_seen: Instant;
}
