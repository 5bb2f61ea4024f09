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
}

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
  readonly offerMs: number;
  readonly declineMs: number;
  reservationOf(mac: Mac): Reservation | undefined;
  /** Whose address it is by reservation. */
  reservedFor(ip: Ipv4): Mac | undefined;
  hostnameOf(mac: Mac): string | undefined;
}
