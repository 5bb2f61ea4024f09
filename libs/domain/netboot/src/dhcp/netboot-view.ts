import type { Cidr, Ipv4, Mac } from '@rackwright/kernel';
import type { LeaseLookup } from '../leases/lease-lookup.js';
import type { DhcpMode, Reservation } from '../site-data.js';
import type { SubnetIndex } from './subnet-index.js';

/** What the region itself contributes to boot fields. */
export interface BootSettings {
  /** Where TFTP is reached, unless the subnet says otherwise. */
  readonly nextServer: Ipv4;
  /** `http://host:port` as machines reach it, unless the subnet says otherwise. */
  readonly publicUrl: string;
  /** Boot file by architecture code, over the built-in table. `{mac}` stands for the MAC with dashes. */
  readonly bootFiles: Readonly<Record<string, string>>;
  /** We take syslog there; absent when the region does not. */
  readonly logServer?: Ipv4 | undefined;
}

/** What a message without option 53 gets: nothing, or the address and parameters of its reservation. */
export const bootpPolicies = ['off', 'reservations'] as const;
export type BootpPolicy = (typeof bootpPolicies)[number];

/** What becomes of a message that carries option 82 and came without a relay. */
export const directOption82Policies = ['drop', 'trust'] as const;
export type DirectOption82Policy = (typeof directOption82Policies)[number];

/** All that a decision may depend on, as of one moment. */
export interface NetbootView {
  readonly mode: DhcpMode;
  readonly subnets: SubnetIndex;
  readonly leases: LeaseLookup;
  readonly boot: BootSettings;
  /** Whether requests that came without a relay are answered. */
  readonly isDirectAllowed: boolean;
  /** Relays that are answered; empty: every relay whose subnet is known. */
  readonly relays: readonly Cidr[];
  readonly bootp: BootpPolicy;
  /** `trust` is for switches that add the option and leave `giaddr` empty. */
  readonly directOption82: DirectOption82Policy;
  readonly offerMs: number;
  readonly declineMs: number;
  reservationOf(mac: Mac): Reservation | undefined;
  /** Whose address it is by reservation. */
  reservedFor(ip: Ipv4): Mac | undefined;
  hostnameOf(mac: Mac): string | undefined;
  /** Whether the machine is reserved, seen before, or has a task. */
  isKnown(mac: Mac): boolean;
  /** Whether we can serve a boot file of this name. */
  hasBootFile(name: string): boolean;
  /** The `traceparent` of the machine's current boot. */
  traceOf(mac: Mac): string | undefined;
}
