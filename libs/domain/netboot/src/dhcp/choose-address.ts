import { cidrContains, type EpochMs, type Ipv4 } from '@rackwright/kernel';
import { isEnded } from '../leases/lease-table.js';
import type { Lease, Reservation } from '../site-data.js';
import type { Exchange } from './exchange.js';
import { silence, type FieldSource, type Silence } from './dhcp-decision.js';

/** An address for a client, and why this one. */
export interface ChosenAddress {
  readonly ip: Ipv4;
  readonly from: FieldSource;
}

/** The reservation as far as it gives an address on the subnet of this exchange. */
export function reservedAddress(exchange: Exchange): Ipv4 | undefined {
  const { reservation, subnet } = exchange;
  if (reservation?.ip === undefined || !isOnSubnet(reservation, exchange)) return undefined;
  return cidrContains(subnet.cidr, reservation.ip) ? reservation.ip : undefined;
}

function isOnSubnet(reservation: Reservation, { subnet }: Exchange): boolean {
  return reservation.subnet === undefined || reservation.subnet === subnet.name;
}

/** What a client without an address gets: the reserved one, the one it is offered, the one it had, the one it asks for, any. */
export function chooseAddress(exchange: Exchange, now: EpochMs): ChosenAddress | Silence {
  const { view, mac, reservation } = exchange;
  const reserved = reservedAddress(exchange);
  if (reserved !== undefined && view.leases.isFreeFor(reserved, mac, now)) {
    return { ip: reserved, from: { kind: 'reservation', name: mac } };
  }
  if (view.mode === 'reservation') {
    if (reserved !== undefined) return silence('reserved-address-taken');
    return silence(reservation?.ip === undefined ? 'reservation-without-address' : 'reserved-elsewhere');
  }
  return pooledAddress(exchange, now) ?? silence('pool-exhausted');
}

function pooledAddress(exchange: Exchange, now: EpochMs): ChosenAddress | undefined {
  const { view, mac, subnet, request } = exchange;
  const isUsable = (ip: Ipv4 | undefined): ip is Ipv4 =>
    ip !== undefined && view.leases.isPooled(ip, subnet.name) && view.leases.isFreeFor(ip, mac, now);
  const held = view.leases.heldBy(mac, subnet.name);
  if (isUsable(held)) return { ip: held, from: { kind: 'offer' } };
  const had = view.leases.ofClient(mac, subnet.name)?.ip;
  if (isUsable(had)) return { ip: had, from: { kind: 'lease', name: had } };
  const asked = request.requestedIp;
  if (isUsable(asked) && !isRemembered(view.leases.find(asked))) return { ip: asked, from: { kind: 'request' } };
  const proposed = view.leases.propose(mac, subnet.name);
  return proposed === undefined ? undefined : { ip: proposed, from: { kind: 'pool', name: subnet.name } };
}

/** An ended lease keeps its address for its client as long as there are others to give. */
function isRemembered(lease: Lease | undefined): boolean {
  return lease !== undefined && isEnded(lease);
}

/**
 * The address on record for a client: the reserved one, else its own lease's, also an ended one if nobody else took
 * the address since. `undefined`: no record.
 */
export function recordedAddress(exchange: Exchange, now: EpochMs): ChosenAddress | undefined {
  const { view, mac, subnet } = exchange;
  const reserved = reservedAddress(exchange);
  if (reserved !== undefined && view.leases.isFreeFor(reserved, mac, now)) {
    return { ip: reserved, from: { kind: 'reservation', name: mac } };
  }
  const lease = view.mode === 'reservation' ? undefined : view.leases.ofClient(mac, subnet.name);
  if (lease === undefined || !isStillOwn(exchange, lease, now)) return undefined;
  return { ip: lease.ip, from: { kind: 'lease', name: lease.ip } };
}

function isStillOwn({ view, mac, subnet }: Exchange, lease: Lease, now: EpochMs): boolean {
  return view.leases.isPooled(lease.ip, subnet.name) && view.leases.isFreeFor(lease.ip, mac, now);
}
