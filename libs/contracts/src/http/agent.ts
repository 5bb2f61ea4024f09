import type { Instant, Mac, Sn } from '@rackwright/kernel';
import {
  BooleanField,
  EnumField,
  InstantField,
  JsonField,
  MacField,
  NumberField,
  ObjectField,
  SnField,
  TextField,
} from '../fields/index.js';
import { Hardware } from './hardware.js';

const MESSAGE = { optional: true, minLength: 0, maxLength: 2_000, multiline: true } as const;

/** `POST /api/v1/report`. */
export class HardwareReport {
  @SnField() readonly sn!: Sn;
  @MacField() readonly mac_address!: Mac;
  @ObjectField({ description: 'What the machine found in itself', of: Hardware }) readonly hardware!: Hardware;
  @InstantField({ description: 'When it was collected', optional: true }) readonly collected_at?: string;
}

/** `POST /api/v1/progress`. */
export class ProgressReport {
  @SnField() readonly sn!: Sn;
  @MacField() readonly mac_address!: Mac;
  @TextField({ description: 'Attempt the report belongs to', maxLength: 64, example: 'task-0a1b2c3d' })
  readonly task_id!: string;
  @TextField({ description: 'Stage', maxLength: 64, example: 'os_install' }) readonly step!: string;
  @NumberField({ description: 'Progress in percent', min: 0, max: 100, example: 40 }) readonly percent!: number;
  @TextField({ description: 'What is going on', ...MESSAGE }) readonly message?: string;
  @JsonField({ description: 'Details', optional: true, maxBytes: 16_384 }) readonly details?: object;
}

/** `POST /api/v1/device/{isInInstallQueue,getNextOperation,getHardwareConfig,getOSInstallConfig}`. */
export class DeviceQuestion {
  @SnField() readonly sn!: Sn;
}

/** `POST /api/v1/device/operationComplete`. */
export class OperationComplete {
  @SnField() readonly sn!: Sn;
  @EnumField({ description: 'Operation', values: ['hardware_config', 'network_config', 'os_install', 'reboot'] })
  readonly operation!: string;
  @BooleanField({ description: 'Whether it worked' }) readonly success!: boolean;
  @TextField({ description: 'What happened', ...MESSAGE }) readonly message?: string;
}

/** `POST /api/v1/device/installComplete`. */
export class InstallComplete {
  @SnField() readonly sn!: Sn;
  @EnumField({ description: 'Outcome', values: ['success', 'failed'] }) readonly status!: 'success' | 'failed';
  @TextField({ description: 'What happened', ...MESSAGE }) readonly message?: string;
}

/** One line of `POST /api/v1/logs`. */
export class LogEntry {
  @SnField({ optional: true }) readonly sn?: Sn;
  @TextField({ description: 'Attempt the line belongs to', optional: true, maxLength: 64, example: 'task-0a1b2c3d' })
  readonly task_id?: string;
  @InstantField({ description: 'When it was written', optional: true }) readonly at?: Instant;
  @TextField({
    description: 'The line',
    minLength: 0,
    maxLength: 8_192,
    multiline: true,
    example: 'Unpacking base-files',
  })
  readonly text!: string;
  @TextField({
    description: 'Unique within the attempt: a line sent twice is stored once',
    optional: true,
    maxLength: 64,
    pattern: /^[A-Za-z0-9._:-]+$/,
    shape: 'of letters, digits and "._:-"',
  })
  readonly id?: string;
}
