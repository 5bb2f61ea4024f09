import type { EventEnvelope } from '@rackwright/contracts';
import type { Lease, LeaseWrite } from '@rackwright/domain-netboot';
import { formatMac, instantMs, type Idc } from '@rackwright/kernel';

/** An event of a lease and the write it belongs to. */
export interface LeaseEvent {
  readonly version: number;
  readonly envelope: EventEnvelope;
}

/** What etcd does not have yet of one address: the newest record, and events it has not been told. */
export interface PendingCopy {
  readonly lease: Lease;
  readonly events: readonly LeaseEvent[];
}

/**
 * The event of a write. Its id follows from the record, so that copying it twice tells it once: the grant tells apart
 * two records of one version, which a region that lost its disk may write.
 */
export function eventOf(idc: Idc, { lease, event }: LeaseWrite): LeaseEvent | undefined {
  if (event === undefined) return undefined;
  const { ip, mac, hostname, subnet, state, granted_at, expires_at, version } = lease;
  const envelope: EventEnvelope = {
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
  return { version, envelope };
}

/** Brings leases to etcd some time after they are on disk. */
export interface LeaseCopies {
  /** Addresses etcd is behind on. */
  readonly backlog: number;
  pending(): readonly PendingCopy[];
  /** Takes note of a record to copy; an older one of the same address is replaced, its events stay. */
  note(lease: Lease, events: readonly LeaseEvent[]): void;
  /** Starts copying in the background, unless it is. */
  start(): void;
  /** Ends after the batch in hand; {@link start} goes on. */
  stop(): Promise<void>;
}
