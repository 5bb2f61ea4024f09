/** The boot file of each client architecture (IANA "Processor Architecture Types", option 93). */
export const bootFileTable: Readonly<Record<string, string>> = {
  0: 'undionly.kpxe',
  6: 'ipxe-i386.efi',
  7: 'ipxe.efi',
  9: 'ipxe.efi',
  10: 'ipxe-arm32.efi',
  11: 'ipxe-arm64.efi',
  15: 'ipxe-i386.efi',
  16: 'ipxe.efi',
  18: 'ipxe-arm32.efi',
  19: 'ipxe-arm64.efi',
  20: 'undionly.kpxe',
  41: 'ipxe-arm64.efi',
};

/** The Raspberry Pi network ROM names architecture 0 although it is an arm64 machine; its OUI gives it away. */
export const RASPBERRY_PI_OUIS: readonly string[] = ['b827eb', 'dca632', 'e45f01', '28cdc1', 'd83add'];
export const RASPBERRY_PI_ARCHITECTURE = 41;
