import type { Ipv4, Mac } from '@rackwright/kernel';
import type { LeaseChange } from '../leases/lease-change.js';
import type { StaticRoute } from '../site-data.js';

/** Where a value of a reply came from. `name` says which one of its kind. */
export interface FieldSource {
  readonly kind:
    'request' | 'reservation' | 'lease' | 'offer' | 'pool' | 'subnet' | 'region' | 'machine' | 'table' | 'protocol';
  readonly name?: string;
}

/** A value and its origin. */
export interface Sourced<T> {
  readonly value: T;
  readonly from: FieldSource;
}

/** Everything a reply may say, by meaning; the shell knows the option codes and formats. */
export interface ReplyValues {
  readonly ciaddr: Ipv4;
  readonly yiaddr: Ipv4;
  readonly siaddr: Ipv4;
  readonly serverId: Ipv4;
  readonly leaseSeconds: number;
  readonly renewalSeconds: number;
  readonly rebindingSeconds: number;
  readonly subnetMask: Ipv4;
  readonly broadcastAddress: Ipv4;
  readonly routers: readonly Ipv4[];
  readonly dns: readonly Ipv4[];
  readonly ntp: readonly Ipv4[];
  readonly logServers: readonly Ipv4[];
  readonly domain: string;
  readonly search: readonly string[];
  readonly mtu: number;
  readonly routes: readonly StaticRoute[];
  readonly hostname: string;
  /** A file name for TFTP, or an absolute URL. */
  readonly bootFile: string;
  /** Where a client that boots by TFTP finds it: options 66 and 150. */
  readonly tftpServer: Ipv4;
  /** Option 60. */
  readonly vendorClass: 'PXEClient' | 'HTTPClient';
  /** Option 43 for PXE clients: `plain` boots the named file at once, `raspberry-pi` adds the menu its ROM looks for. */
  readonly pxeVendor: 'plain' | 'raspberry-pi';
  /** Sub-option 69 of option 43: the trace of this boot, for iPXE. */
  readonly traceparent: string;
  /** Option 97 as it came. */
  readonly machineId: string;
  /** Option 56: why a request was refused. */
  readonly message: string;
}

export type ReplyFields = { readonly [K in keyof ReplyValues]?: Sourced<ReplyValues[K]> };

/** Where a reply goes: RFC 2131 section 4.1. */
export type Destination =
  | { readonly kind: 'relay'; readonly address: Ipv4; readonly port: number }
  | { readonly kind: 'unicast'; readonly address: Ipv4; readonly port: number }
  /** A frame to the hardware address of a client that does not answer ARP for `address` yet. */
  | { readonly kind: 'link'; readonly mac: Mac; readonly address: Ipv4; readonly port: number }
  | { readonly kind: 'broadcast'; readonly port: number };

/** Why a boot client gets a lease and nothing to boot. */
export type BootRefusal = 'not-a-boot-client' | 'netboot-disabled' | 'arch-unsupported' | 'boot-file-missing';

export interface Reply {
  readonly kind: 'reply';
  /** `bootp`: a reply without option 53, to a client that knows nothing of leases. */
  readonly type: 'offer' | 'ack' | 'nak' | 'bootp';
  /** What was decided, in words that stay: `offer-reserved`, `nak-address-not-offered`, … */
  readonly reason: string;
  readonly to: Destination;
  readonly fields: ReplyFields;
  /** To apply, and for an ACK to make durable, before the reply leaves. */
  readonly change?: LeaseChange;
  readonly bootRefusal?: BootRefusal;
  /** The file we lack, when the refusal is `boot-file-missing`. */
  readonly missingFile?: string;
}

/** Why nothing is sent. */
export type SilenceReason =
  | BootRefusal
  | 'mode-off'
  | 'not-a-request'
  | 'bootp-not-served'
  | 'type-not-served'
  | 'hardware-address-invalid'
  | 'relay-option-untrusted'
  | 'relay-not-allowed'
  | 'not-relayed'
  | 'no-subnet'
  | 'unknown-machine'
  | 'proxy-offers-only'
  | 'reservation-without-address'
  | 'reserved-elsewhere'
  | 'reserved-address-taken'
  | 'pool-exhausted'
  | 'other-server-chosen'
  | 'no-record'
  | 'request-incomplete'
  | 'declined'
  | 'decline-not-holder'
  | 'released'
  | 'release-not-holder'
  // Of the shell: another DISCOVER waits for the probe of this address, or every address proposed was in use.
  | 'probe-pending'
  | 'probe-conflicts';

export interface Silence {
  readonly kind: 'silence';
  readonly reason: SilenceReason;
  readonly change?: LeaseChange;
  readonly missingFile?: string;
}

export type DhcpDecision = Reply | Silence;

/** Says nothing, for a reason. */
export function silence(reason: SilenceReason, change?: LeaseChange): Silence {
  return { kind: 'silence', reason, ...(change === undefined ? {} : { change }) };
}
