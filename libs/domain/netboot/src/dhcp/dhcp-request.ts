import type { Ipv4, Mac } from '@rackwright/kernel';

/** What the sender of a request boots with. */
export interface BootClientFacts {
  /** `none`: an installed system, which gets a lease and nothing to boot. */
  readonly kind: 'pxe' | 'http' | 'ipxe' | 'none';
  /** What option 60 begins with. iPXE sends `PXEClient` as its firmware does; a proxy answers nobody without it. */
  readonly vendorClass?: 'PXEClient' | 'HTTPClient';
  /** Option 93, in the client's order of preference. */
  readonly architectures: readonly number[];
  /** Option 97 as UUID text, if it was sent well-formed. */
  readonly uuid?: string;
}

/** Option 82 as far as decisions depend on it. */
export interface RelayFacts {
  /** Sub-option 1 in hexadecimal. */
  readonly circuitId?: string;
  /** Sub-option 2 in hexadecimal. */
  readonly remoteId?: string;
  /** Sub-option 5, RFC 3527. */
  readonly linkSelection?: Ipv4;
  /** Sub-option 11, RFC 5107. */
  readonly serverOverride?: Ipv4;
  /** Sub-option 19, RFC 8357: the reply goes to the port the relay sent from. */
  readonly usesSourcePort: boolean;
}

/** The facts of one message from a client; addresses of `0.0.0.0` are left out. */
export interface DhcpRequest {
  /** `bootp`: no option 53; `other`: a type only servers send, or an unknown one. */
  readonly type: 'discover' | 'request' | 'decline' | 'release' | 'inform' | 'bootp' | 'other';
  /** The `op` field says BOOTREQUEST. */
  readonly isBootRequest: boolean;
  /** The client's number for this exchange; a message sent again has the same. */
  readonly xid?: number;
  /** Absent when the hardware address is not that of one Ethernet interface. */
  readonly mac?: Mac;
  /** The B bit: the client takes no unicast before it has its address. */
  readonly wantsBroadcast?: boolean;
  readonly ciaddr?: Ipv4;
  readonly giaddr?: Ipv4;
  /** Option 50. */
  readonly requestedIp?: Ipv4;
  /** Option 54. */
  readonly serverId?: Ipv4;
  /** Option 61 in hexadecimal. */
  readonly clientId?: string;
  /** Option 12. */
  readonly hostname?: string;
  /** Option 118, RFC 3011. */
  readonly subnetSelection?: Ipv4;
  /** Option 82, when present and well-formed. */
  readonly relay?: RelayFacts;
  readonly client: BootClientFacts;
}

/** Where a request came in. */
export interface Arrival {
  /** Addresses of the interface; the first is our server identifier there. */
  readonly addresses: readonly [Ipv4, ...Ipv4[]];
  /** The sender's UDP port. */
  readonly sourcePort: number;
  /** The sender's address; absent while it has none. */
  readonly sourceAddress?: Ipv4;
  /** Which of our ports: 67, or 4011 of the PXE boot server. Default: `dhcp`. */
  readonly service?: 'dhcp' | 'boot-server';
}
