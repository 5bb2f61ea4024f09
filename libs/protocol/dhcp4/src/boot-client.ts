import type { DecodeFault } from '@rackwright/kernel';
import { machineIdentifierOption, networkInterfaceOption, userClassOption } from './client-options.js';
import { readOption, textOption, u16ListOption, type OptionCodec } from './option-codec.js';
import { OptionCode } from './option-code.js';
import type { DhcpPacket, OptionMap } from './packet.js';

/** Client architectures: the IANA registry "Processor Architecture Types" (RFC 4578, RFC 5970), by code. */
export const ClientArchitecture = {
  x86Bios: 0,
  x86Uefi: 6,
  x64Uefi: 7,
  ebc: 9,
  arm32Uefi: 10,
  arm64Uefi: 11,
  x86UefiHttp: 15,
  x64UefiHttp: 16,
  ebcHttp: 17,
  arm32UefiHttp: 18,
  arm64UefiHttp: 19,
  x86BiosHttp: 20,
  arm32Uboot: 21,
  arm64Uboot: 22,
  arm32UbootHttp: 23,
  arm64UbootHttp: 24,
  raspberryPi: 41,
} as const;

/** The user class of our own second-stage iPXE. */
export const RACKWRIGHT_USER_CLASS = 'Rackwright';
const IPXE_USER_CLASS = 'iPXE';
const PXE_VENDOR_CLASS = 'PXEClient';
const HTTP_VENDOR_CLASS = 'HTTPClient';
const ARCH_IN_VENDOR_CLASS = /^(?:PXE|HTTP)Client:Arch:(\d{5})(?::|$)/;

/** An option that a client sent and that could not be read. */
export interface OptionFault extends DecodeFault {
  readonly option: number;
}

/** What a request says about the program that sent it. */
export interface BootClient {
  /** What it expects: a file by TFTP, an absolute URL, a script, or (an installed OS) no boot fields at all. */
  readonly kind: 'pxe' | 'http' | 'ipxe' | 'none';
  /** `firmware` is everything that is not yet iPXE. */
  readonly stage: 'firmware' | 'ipxe' | 'rackwright';
  /** Option 93, or the code inside the vendor class when 93 is absent; in the client's order of preference. */
  readonly architectures: readonly number[];
  /** Option 97 as UUID text in wire order. */
  readonly uuid?: string;
  /** Option 60, one character per octet. */
  readonly vendorClass?: string;
  readonly userClasses: readonly string[];
  /** Options that were present but malformed, and are treated as absent. */
  readonly faults: readonly OptionFault[];
}

/** Classifies the sender of a request: RFC 4578, RFC 3004, PXE 2.1, UEFI 2.10 section 24.7. */
export function bootClientOf(packet: Pick<DhcpPacket, 'options'>): BootClient {
  const faults: OptionFault[] = [];
  const read = reader(packet.options, faults);
  const vendorClass = read(OptionCode.VendorClassIdentifier, textOption);
  const userClasses = read(OptionCode.UserClass, userClassOption)?.classes ?? [];
  const uuid = read(OptionCode.ClientMachineIdentifier, machineIdentifierOption);
  // RFC 4578 section 2.2: nothing depends on it, so a wrong length is noted and tolerated.
  read(OptionCode.ClientNetworkInterface, networkInterfaceOption);
  const stage = stageOf(userClasses, packet.options.has(OptionCode.EtherbootOptions));
  return {
    kind: stage === 'firmware' ? firmwareKind(vendorClass) : 'ipxe',
    stage,
    architectures:
      read(OptionCode.ClientSystemArchitecture, u16ListOption) ?? architecturesNamedBy(vendorClass, packet.options),
    ...(uuid === undefined ? {} : { uuid }),
    ...(vendorClass === undefined ? {} : { vendorClass }),
    userClasses,
    faults,
  };
}

function reader(options: OptionMap, faults: OptionFault[]) {
  return <T>(option: number, codec: OptionCodec<T>): T | undefined => {
    const result = readOption(options, option, codec);
    if (result === undefined) return undefined;
    if (result.ok) return result.value;
    faults.push({ option, ...result.fault });
    return undefined;
  };
}

function stageOf(userClasses: readonly string[], hasEtherbootOptions: boolean): BootClient['stage'] {
  if (userClasses.includes(RACKWRIGHT_USER_CLASS)) return 'rackwright';
  return userClasses.includes(IPXE_USER_CLASS) || hasEtherbootOptions ? 'ipxe' : 'firmware';
}

function firmwareKind(vendorClass: string | undefined): BootClient['kind'] {
  if (vendorClass?.startsWith(PXE_VENDOR_CLASS) === true) return 'pxe';
  return vendorClass?.startsWith(HTTP_VENDOR_CLASS) === true ? 'http' : 'none';
}

/** A malformed option 93 is not papered over with the vendor class: the client is then of unknown architecture. */
function architecturesNamedBy(vendorClass: string | undefined, options: OptionMap): readonly number[] {
  if (vendorClass === undefined || options.has(OptionCode.ClientSystemArchitecture)) return [];
  const [, code] = ARCH_IN_VENDOR_CLASS.exec(vendorClass) ?? [];
  return code === undefined ? [] : [Number(code)];
}
