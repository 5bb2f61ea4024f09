import type { Mac } from '@rackwright/kernel';
import {
  BooleanField,
  InstantField,
  IntegerField,
  JsonField,
  MacField,
  NumberField,
  ObjectField,
  ObjectListField,
  TextField,
} from '../fields/index.js';

const TEXT = { optional: true, minLength: 0, maxLength: 256 } as const;

/** Processors. */
export class CpuFacts {
  @TextField({ description: 'Model name', ...TEXT }) readonly model?: string;
  @IntegerField({ description: 'Sockets', optional: true, min: 0, max: 1_024 }) readonly sockets?: number;
  @IntegerField({ description: 'Cores', optional: true, min: 0, max: 65_536 }) readonly cores?: number;
  @IntegerField({ description: 'Threads', optional: true, min: 0, max: 65_536 }) readonly threads?: number;
}

/** Memory. */
export class MemoryFacts {
  @NumberField({ description: 'Total size in GB', optional: true, min: 0, max: 1_048_576 }) readonly total_gb?: number;
  @JsonField({ description: 'Modules', optional: true, maxBytes: 65_536, allowList: true })
  readonly dimms?: readonly object[];
}

/** A block device. */
export class DiskFacts {
  @TextField({ description: 'Device, e.g. /dev/sda', maxLength: 128 }) readonly device!: string;
  @NumberField({ description: 'Size in GB', optional: true, min: 0, max: 1_073_741_824 }) readonly size_gb?: number;
  @TextField({ description: 'HDD, SSD or NVMe', ...TEXT }) readonly type?: string;
  @TextField({ description: 'Model', ...TEXT }) readonly model?: string;
  @TextField({ description: 'Serial', ...TEXT }) readonly serial?: string;
  @TextField({ description: 'World-wide name', ...TEXT }) readonly wwn?: string;
}

/** A network interface. */
export class NetworkFacts {
  @TextField({ description: 'Interface name', maxLength: 64 }) readonly interface!: string;
  @MacField() readonly mac!: Mac;
  @TextField({ description: 'Speed', ...TEXT }) readonly speed?: string;
  @TextField({ description: 'Driver', ...TEXT }) readonly driver?: string;
  @BooleanField({ description: 'Link is up', optional: true }) readonly link?: boolean;
}

/** Firmware. */
export class BiosFacts {
  @TextField({ description: 'Vendor', ...TEXT }) readonly vendor?: string;
  @TextField({ description: 'Version', ...TEXT }) readonly version?: string;
  @TextField({ description: 'Serial', ...TEXT }) readonly serial?: string;
}

/** What a machine found in itself. */
export class Hardware {
  @ObjectField({ description: 'Processors', optional: true, of: CpuFacts }) readonly cpu?: CpuFacts;
  @ObjectField({ description: 'Memory', optional: true, of: MemoryFacts }) readonly memory?: MemoryFacts;
  @ObjectListField({ description: 'Disks', optional: true, of: DiskFacts, maxItems: 512 })
  readonly disks?: readonly DiskFacts[];
  @ObjectListField({ description: 'Interfaces', optional: true, of: NetworkFacts, maxItems: 256 })
  readonly network?: readonly NetworkFacts[];
  @ObjectField({ description: 'Firmware', optional: true, of: BiosFacts }) readonly bios?: BiosFacts;
  @JsonField({ description: 'Baseboard controller', optional: true, maxBytes: 4_096 }) readonly bmc?: object;
  @JsonField({ description: 'Accelerators', optional: true, maxBytes: 16_384, allowList: true })
  readonly gpus?: readonly object[];
  @MacField({ description: 'MAC address of the boot interface', optional: true }) readonly mac_address?: Mac;
  @InstantField({ description: 'When it was collected', optional: true }) readonly collected_at?: string;
}

/** Hardware as the API shows it: what was reported. */
export type HardwareView = Hardware;
