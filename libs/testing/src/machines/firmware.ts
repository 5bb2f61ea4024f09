import { ClientArchitecture } from '@rackwright/protocol-dhcp4';

/** What a machine's firmware is, and therefore how it boots from the network. */
export const firmwares = ['bios', 'uefi-x64', 'uefi-arm64', 'http-x64'] as const;
export type Firmware = (typeof firmwares)[number];

/** How firmware presents itself in DHCP: options 60 and 93. */
export interface FirmwareTraits {
  readonly architecture: number;
  readonly vendorClass: string;
  /** UEFI asks for the size of the file, aborts, and only then fetches it (PXE 2.1). */
  readonly probesSize: boolean;
  /** What iPXE's `${platform}` and `${buildarch}` say afterwards. */
  readonly platform: 'pcbios' | 'efi';
  readonly buildArch: 'i386' | 'x86_64' | 'arm64';
}

export const firmwareTraits: Readonly<Record<Firmware, FirmwareTraits>> = {
  bios: {
    architecture: ClientArchitecture.x86Bios,
    vendorClass: 'PXEClient:Arch:00000:UNDI:002001',
    probesSize: false,
    platform: 'pcbios',
    buildArch: 'i386',
  },
  'uefi-x64': {
    architecture: ClientArchitecture.x64Uefi,
    vendorClass: 'PXEClient:Arch:00007:UNDI:003016',
    probesSize: true,
    platform: 'efi',
    buildArch: 'x86_64',
  },
  'uefi-arm64': {
    architecture: ClientArchitecture.arm64Uefi,
    vendorClass: 'PXEClient:Arch:00011:UNDI:003016',
    probesSize: true,
    platform: 'efi',
    buildArch: 'arm64',
  },
  'http-x64': {
    architecture: ClientArchitecture.x64UefiHttp,
    vendorClass: 'HTTPClient:Arch:00016:UNDI:003016',
    probesSize: false,
    platform: 'efi',
    buildArch: 'x86_64',
  },
};
