import type { DhcpClientSetup } from './dhcp-client.js';
import type { Firmware, FirmwareTraits } from './firmware.js';
import type { MachineStage } from './machine-faults.js';
import type { MachineHttp } from './machine-http.js';
import type { MachineIdentity } from './machine-identity.js';

/** What a boot ends in: the disk, or a kernel with its command line. */
export type BootTarget =
  { readonly kind: 'disk' } | { readonly kind: 'kernel'; readonly kernelArgs: ReadonlyMap<string, string> };

export interface NetworkBoot {
  readonly identity: MachineIdentity;
  readonly firmware: Firmware;
  readonly traits: FirmwareTraits;
  readonly dhcp: DhcpClientSetup;
  readonly tftpPort: number;
  readonly http: MachineHttp;
  readonly scriptSecondMs: number;
  readonly signal: AbortSignal;
  readonly enter: (stage: MachineStage, percent?: number) => Promise<void>;
  readonly note: (detail: string) => void;
}
