/** Stages of a machine's life, in the order of a usual installation. */
export const machineStages = [
  'off',
  'dhcp',
  'boot-file',
  'ipxe-dhcp',
  'script',
  'waiting',
  'kernel',
  'report',
  'hardware_config',
  'network_config',
  'os_install',
  'reboot',
  'answer-file',
  'disk',
  'no-boot-device',
  'stopped',
] as const;
export type MachineStage = (typeof machineStages)[number];

/** What goes wrong with a machine, on demand. */
export interface MachineFaults {
  /** Freezes when it reaches this stage. */
  readonly stopsAt?: MachineStage;
  /** Loses power when it reaches this stage, and comes back; once. */
  readonly rebootsAt?: MachineStage;
  /** Sends every DHCP message this many times. */
  readonly dhcpCopies?: number;
  /** Sends random bytes to the DHCP and TFTP ports and nonsense to HTTP before every boot. */
  readonly garbage?: boolean;
  /** The agent reports that this operation failed. */
  readonly failsOperation?: 'hardware_config' | 'network_config' | 'os_install';
}
