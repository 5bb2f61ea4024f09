import type { MachineFileRecord } from '@rackwright/contracts';
import type { Mac } from '@rackwright/kernel';
import type { FilePosition } from './file-mistake.js';

/** A machine of a file whose record is valid by itself. */
export interface LocatedMachine {
  readonly mac: Mac;
  /** Its MAC as the file spells it. */
  readonly key: string;
  readonly record: MachineFileRecord;
  readonly at: {
    readonly key: FilePosition;
    readonly ipAddress: FilePosition;
    readonly subnetMask: FilePosition;
    readonly broadcastAddress: FilePosition;
  };
}
