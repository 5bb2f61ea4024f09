import type { Cidr, Idc, Instant, Ipv4, Mac } from '@rackwright/kernel';

/** A span of addresses, both ends included. */
export interface AddressRange {
  readonly start: Ipv4;
  readonly end: Ipv4;
}

/** A static route for option 121. */
export interface StaticRoute {
  readonly destination: Cidr;
  readonly gateway: Ipv4;
}

/** Which relayed requests belong to a subnet besides those whose relay address lies in it. */
export interface RelayMatch {
  readonly giaddr?: readonly Ipv4[];
  /** Option 82 sub-option 1, as hexadecimal. */
  readonly circuit_ids?: readonly string[];
  /** Option 82 sub-option 2, as hexadecimal. */
  readonly remote_ids?: readonly string[];
}

/** A network the region answers on. */
export interface Subnet {
  readonly name: string;
  readonly cidr: Cidr;
  readonly pools: readonly AddressRange[];
  readonly exclusions: readonly AddressRange[];
  readonly gateway?: Ipv4;
  readonly dns: readonly Ipv4[];
  readonly ntp: readonly Ipv4[];
  readonly domain?: string;
  readonly search: readonly string[];
  readonly mtu?: number;
  readonly routes: readonly StaticRoute[];
  readonly lease_seconds: number;
  /** Where TFTP and HTTP boot are reached from this subnet; default: the region's own address. */
  readonly next_server?: Ipv4;
  readonly relay?: RelayMatch;
}

/** What a client is told of its network besides mask and broadcast address. */
export type NetworkParameters = Pick<Subnet, 'gateway' | 'dns' | 'ntp' | 'domain' | 'search' | 'lease_seconds'>;

/** An iPXE script of a machine's own: its text, or where it is. */
export type OwnBootScript = { readonly url: string } | { readonly text: string };

/** Fixed data of one machine. */
export interface Reservation {
  readonly mac: Mac;
  /** Absent: the machine is known but takes its address from a pool. */
  readonly ip?: Ipv4;
  readonly hostname?: string;
  readonly subnet?: string;
  /** `false`: the machine gets its address and nothing to boot. */
  readonly allow_netboot: boolean;
  /** Boot file override by architecture code. */
  readonly boot_files?: Readonly<Record<string, string>>;
  /** In place of all of those of its subnet. */
  readonly network?: NetworkParameters;
  /** What it boots while no task decides. */
  readonly boot_script?: OwnBootScript;
}

/** What became of an address. */
export const leaseStates = ['active', 'released', 'expired', 'declined'] as const;
export type LeaseState = (typeof leaseStates)[number];

/** A DHCP lease; kept after its end so that the client gets the same address again. */
export interface Lease {
  readonly ip: Ipv4;
  /** Absent for an address in quarantine after a DECLINE. */
  readonly mac?: Mac;
  /** Option 61 as hexadecimal, if the client sent it. */
  readonly client_id?: string;
  readonly hostname?: string;
  readonly subnet: string;
  readonly state: LeaseState;
  readonly granted_at: Instant;
  readonly expires_at: Instant;
  /** Counts writes to this address; the higher one of two records is the newer. */
  readonly version: number;
}

/** What a machine, seen by its MAC, is doing. */
export const nodeStatuses = ['discovered', 'installing', 'installed', 'online', 'offline', 'failed', 'rescue'] as const;
export type NodeStatus = (typeof nodeStatuses)[number];

/** A machine seen by its MAC. */
export interface Node {
  readonly mac: Mac;
  readonly idc: Idc;
  readonly status: NodeStatus;
  readonly sn?: string;
  readonly ip?: Ipv4;
  /** Dotted. */
  readonly netmask?: Ipv4;
  readonly gateway?: Ipv4;
  readonly dns: readonly Ipv4[];
  readonly hostname?: string;
  /** Overrides the boot script until the machine asked for it once. */
  readonly boot_override?: 'local-boot' | 'rescue';
  readonly created_at: Instant;
  readonly updated_at: Instant;
  readonly last_heartbeat?: Instant;
}

/** How a region answers DHCP. */
export const dhcpModes = ['server', 'reservation', 'proxy', 'auto-proxy', 'off'] as const;
export type DhcpMode = (typeof dhcpModes)[number];
