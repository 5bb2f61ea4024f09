import { macToBytes } from '@rackwright/kernel';
import {
  clientIdentifierOption,
  machineIdentifierOption,
  networkInterfaceOption,
  OptionCode,
  textOption,
  u16ListOption,
  userClassOption,
} from '@rackwright/protocol-dhcp4';
import { firmwareTraits, type Firmware } from './firmware.js';
import type { ClientOptions } from './dhcp-client.js';
import type { MachineIdentity } from './machine-identity.js';

/** What the network boot ROM of a machine sends. */
export function firmwareOptions(identity: MachineIdentity, firmware: Firmware): ClientOptions {
  const traits = firmwareTraits[firmware];
  return new Map<number, Uint8Array>([
    [OptionCode.VendorClassIdentifier, textOption.encode(traits.vendorClass)],
    [OptionCode.ClientSystemArchitecture, u16ListOption.encode([traits.architecture])],
    [OptionCode.ClientNetworkInterface, networkInterfaceOption.encode({ type: 1, major: 3, minor: 16 })],
    [OptionCode.ClientMachineIdentifier, machineIdentifierOption.encode(identity.uuid)],
  ]);
}

/** Feature indicators of a usual iPXE build: HTTP, TFTP, and a version. */
const IPXE_FEATURES = Uint8Array.of(0xb1, 1, 1, 0x13, 1, 1, 0x12, 1, 1, 0xeb, 3, 1, 0, 0);

/** What iPXE sends after it was loaded. */
export function ipxeOptions(identity: MachineIdentity, firmware: Firmware): ClientOptions {
  return new Map([
    ...firmwareOptions(identity, firmware),
    [OptionCode.UserClass, userClassOption.encode({ form: 'raw', classes: ['iPXE'] })] as const,
    [OptionCode.EtherbootOptions, IPXE_FEATURES] as const,
    [
      OptionCode.ClientIdentifier,
      clientIdentifierOption.encode({ type: 1, identifier: macToBytes(identity.mac) }),
    ] as const,
  ]);
}
