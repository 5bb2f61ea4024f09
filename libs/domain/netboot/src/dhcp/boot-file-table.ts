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

/**
 * The code of the same machine as it usually names itself: over HTTP boot, by the second code of x64 UEFI, as a
 * Raspberry Pi. Who names another file for that one means these as well.
 */
export const usualCode: Readonly<Record<string, string>> = {
  9: '7',
  15: '6',
  16: '7',
  18: '10',
  19: '11',
  20: '0',
  41: '11',
};

/** The Raspberry Pi network ROM names architecture 0 although it is an arm64 machine; its OUI gives it away. */
export const RASPBERRY_PI_OUIS: readonly string[] = ['b827eb', 'dca632', 'e45f01', '28cdc1', 'd83add'];
export const RASPBERRY_PI_ARCHITECTURE = 41;
