import { cidrContains, type EpochMs, type Ipv4 } from '@rackwright/kernel';
import { recordedAddress, reservedAddress } from './choose-address.js';
import { silence, type DhcpDecision } from './dhcp-decision.js';
import { isForUs, type Exchange } from './exchange.js';
import { giveAddress, refuse } from './reply.js';

/** A REQUEST: RFC 2131 section 4.3.2 and table 4 tell its four kinds apart. */
export function decideRequest(exchange: Exchange, now: EpochMs): DhcpDecision {
  const { request } = exchange;
  if (request.serverId !== undefined && request.ciaddr === undefined) return decideSelecting(exchange, now);
  if (request.ciaddr !== undefined) return decideExtending(exchange, request.ciaddr, now);
  if (request.requestedIp !== undefined) return decideInitReboot(exchange, request.requestedIp, now);
  return silence('request-incomplete');
}

/** SELECTING: the client answers an offer, ours or another server's. */
function decideSelecting(exchange: Exchange, now: EpochMs): DhcpDecision {
  const { request, view, mac, subnet } = exchange;
  if (!isForUs(exchange)) return silence('other-server-chosen', { kind: 'drop-hold', mac, subnet: subnet.name });
  const wanted = request.requestedIp;
  if (wanted === undefined) return silence('request-incomplete');
  if (!cidrContains(subnet.cidr, wanted)) return refuse(exchange, 'wrong-subnet');
  const isOffered = view.leases.heldBy(mac, subnet.name) === wanted && mayHave(exchange, wanted);
  if (isOffered && view.leases.isFreeFor(wanted, mac, now)) {
    return giveAddress(exchange, 'ack', { ip: wanted, from: { kind: 'offer' }, now });
  }
  // A client that repeats its REQUEST, or that kept its address over our restart, is on record.
  const recorded = activeRecord(exchange, now);
  if (recorded?.ip === wanted) return giveAddress(exchange, 'ack', { ...recorded, now });
  return refuse(exchange, 'address-not-offered');
}

/** An offered address may have been reserved for another machine, or taken out of the pools, since. */
function mayHave({ view, mac, subnet }: Exchange, ip: Ipv4): boolean {
  const owner = view.reservedFor(ip);
  if (owner !== undefined) return owner === mac;
  return view.mode !== 'reservation' && view.leases.isPooled(ip, subnet.name);
}

function activeRecord(exchange: Exchange, now: EpochMs): ReturnType<typeof recordedAddress> {
  const recorded = recordedAddress(exchange, now);
  if (recorded === undefined || recorded.from.kind === 'reservation') return recorded;
  return exchange.view.leases.find(recorded.ip)?.state === 'active' ? recorded : undefined;
}

/** INIT-REBOOT: the client remembers an address and asks whether it is still good. */
function decideInitReboot(exchange: Exchange, wanted: Ipv4, now: EpochMs): DhcpDecision {
  if (!cidrContains(exchange.subnet.cidr, wanted)) return refuse(exchange, 'wrong-subnet');
  return decideKept(exchange, wanted, now);
}

/** RENEWING and REBINDING: the client has the address and wants it longer. */
function decideExtending(exchange: Exchange, current: Ipv4, now: EpochMs): DhcpDecision {
  if (!cidrContains(exchange.subnet.cidr, current)) {
    return hasRecord(exchange, now) ? refuse(exchange, 'wrong-subnet') : silence('no-record');
  }
  return decideKept(exchange, current, now);
}

function decideKept(exchange: Exchange, wanted: Ipv4, now: EpochMs): DhcpDecision {
  const recorded = recordedAddress(exchange, now);
  if (recorded?.ip === wanted) return giveAddress(exchange, 'ack', { ...recorded, now });
  const isNoLongerIts = recorded !== undefined || isKnownTaken(exchange, wanted, now);
  return isNoLongerIts ? refuse(exchange, 'address-changed') : silence('no-record');
}

/** Somebody else has the address, or the client has it and may not keep it: it was reserved or left its pool. */
function isKnownTaken({ view, mac }: Exchange, wanted: Ipv4, now: EpochMs): boolean {
  const lease = view.leases.find(wanted);
  return !view.leases.isFreeFor(wanted, mac, now) || (lease?.state === 'active' && lease.mac === mac);
}

function hasRecord(exchange: Exchange, now: EpochMs): boolean {
  return reservedAddress(exchange) !== undefined || recordedAddress(exchange, now) !== undefined;
}
