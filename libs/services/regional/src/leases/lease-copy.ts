import type { EventEnvelope } from '@rackwright/contracts';
import type { Lease, LeaseWrite } from '@rackwright/domain-netboot';
import { formatMac, instantMs, type Idc } from '@rackwright/kernel';

/** What etcd does not have yet of one address: the newest record, and writes whose events it has not been told. */
export interface PendingCopy {
  readonly lease: Lease;
  readonly untold: readonly LeaseWrite[];
}

/**
 * The event of a write. Its id follows from the record, so that copying it twice tells it once: the grant tells apart
 * two records of one version, which a region that lost its disk may write.
 */
export function eventOf(idc: Idc, { lease, event }: LeaseWrite): EventEnvelope | undefined {
  if (event === undefined) return undefined;
  const { ip, mac, hostname, subnet, state, granted_at, expires_at, version } = lease;
  return {
    id: `lease-${ip}-${version}-${instantMs(granted_at).toString(36)}`,
    type: `lease.${event}`,
    idc,
    subject: `lease/${ip}`,
    at: event === 'expired' ? expires_at : granted_at,
    data: {
      ip,
      ...(mac === undefined ? {} : { mac: formatMac(mac) }),
      ...(hostname === undefined ? {} : { hostname }),
      subnet,
      state,
      expires_at,
    },
  };
}

/** Brings leases to etcd some time after they are on disk. */
export interface LeaseCopies {
  /** Addresses etcd is behind on. */
  readonly backlog: number;
  pending(): readonly PendingCopy[];
  /** Takes note of a write to copy; an older record of the same address is replaced, its events stay. */
  note(write: LeaseWrite): void;
  /** Starts copying in the background, unless it is. */
  start(): void;
  /** Ends after the batch in hand; {@link start} goes on. */
  stop(): Promise<void>;
}
