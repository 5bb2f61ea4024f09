import { broadcastOf, cidrContains, ipv4ToNumber, type EpochMs } from '@rackwright/kernel';
import { chooseAddress } from './choose-address.js';
import { chooseSubnet } from './choose-subnet.js';
import { decideBootOnly } from './boot-only.js';
import { decideBootp } from './decide-bootp.js';
import { decideRequest } from './decide-request.js';
import { silence, type DhcpDecision, type SilenceReason } from './dhcp-decision.js';
import type { Arrival, DhcpRequest } from './dhcp-request.js';
import { hasSubnet, isForUs, type BootExchange, type Exchange } from './exchange.js';
import type { NetbootView } from './netboot-view.js';
import { giveAddress, giveParameters } from './reply.js';

/** 224.0.0.0: what follows is multicast, reserved or broadcast, and the address of no relay. */
const FIRST_GROUP_ADDRESS = 0xe0000000;

/**
 * What becomes of one message: a reply with the origin of each of its fields, or silence with its reason. Nothing is
 * changed; the shell applies {@link Reply.change} before the next decision.
 */
export function decide(
  request: DhcpRequest,
  arrival: Arrival,
  options: { view: NetbootView; now: EpochMs },
): DhcpDecision {
  const { view, now } = options;
  const refusal = refusalOf(request, view);
  if (refusal !== undefined) return silence(refusal);
  const { mac, relay } = request;
  if (mac === undefined) return silence('hardware-address-invalid');
  const exchange: BootExchange = {
    request,
    arrival,
    view,
    mac,
    subnet: chooseSubnet(request, arrival, view.subnets),
    reservation: view.reservationOf(mac),
    serverId: relay?.serverOverride ?? arrival.addresses[0],
  };
  const givesNoAddress = view.mode === 'proxy' || view.mode === 'auto-proxy' || arrival.service === 'boot-server';
  return givesNoAddress ? decideBootOnly(exchange) : decideFully(exchange, now);
}

function decideFully(exchange: BootExchange, now: EpochMs): DhcpDecision {
  if (exchange.view.mode === 'reservation' && exchange.reservation === undefined) return silence('unknown-machine');
  return hasSubnet(exchange) ? answer(exchange, now) : silence('no-subnet');
}

function refusalOf(request: DhcpRequest, view: NetbootView): SilenceReason | undefined {
  if (view.mode === 'off') return 'mode-off';
  if (!request.isBootRequest) return 'not-a-request';
  if (request.type === 'other') return 'type-not-served';
  return relayRefusal(request, view);
}

/** Nobody but a relay may add option 82 (RFC 3046 section 2.1) unless we were told so, and only known relays are answered. */
function relayRefusal(request: DhcpRequest, view: NetbootView): SilenceReason | undefined {
  const { giaddr, relay } = request;
  if (giaddr === undefined) {
    if (relay !== undefined && view.directOption82 === 'drop') return 'relay-option-untrusted';
    return view.isDirectAllowed || hasAddress(request) ? undefined : 'not-relayed';
  }
  const isAllowed = view.relays.length === 0 || view.relays.some((cidr) => cidrContains(cidr, giaddr));
  return isAllowed && ipv4ToNumber(giaddr) < FIRST_GROUP_ADDRESS ? undefined : 'relay-not-allowed';
}

/** A client that uses its address talks to us past the relay; one that looks for an address has none (RFC 2131 table 5). */
function hasAddress({ type, ciaddr }: DhcpRequest): boolean {
  return ciaddr !== undefined && type !== 'discover' && type !== 'bootp';
}

function answer(exchange: Exchange, now: EpochMs): DhcpDecision {
  switch (exchange.request.type) {
    case 'discover': {
      const chosen = chooseAddress(exchange, now);
      return 'kind' in chosen ? chosen : giveAddress(exchange, 'offer', { ...chosen, now });
    }
    case 'request':
      return decideRequest(exchange, now);
    case 'decline':
      return decideDecline(exchange, now);
    case 'release':
      return decideRelease(exchange);
    case 'inform':
      return decideInform(exchange);
    case 'bootp':
      return decideBootp(exchange, now);
    default:
      return silence('type-not-served');
  }
}

/** The answer goes to the address the client names, so that has to be one of a network of ours: RFC 2131 section 4.3.5. */
function decideInform(exchange: Exchange): DhcpDecision {
  const { ciaddr, giaddr } = exchange.request;
  if (ciaddr === undefined) return silence('request-incomplete');
  const network = exchange.view.subnets.containing(ciaddr);
  if (giaddr === undefined && (network === undefined || broadcastOf(network.cidr) === ciaddr)) {
    return silence('no-subnet');
  }
  return giveParameters(exchange);
}

/** Only who was given an address may say that it is in use, or one client could empty the pool. */
function decideDecline(exchange: Exchange, now: EpochMs): DhcpDecision {
  const { request, view, mac, subnet } = exchange;
  const ip = request.requestedIp;
  if (ip === undefined) return silence('request-incomplete');
  const lease = view.leases.find(ip);
  const isOwn = view.leases.heldBy(mac, subnet.name) === ip || (lease?.state === 'active' && lease.mac === mac);
  if (!isOwn || !isForUs(exchange)) return silence('decline-not-holder');
  const until = (now + view.declineMs) as EpochMs;
  return silence('declined', { kind: 'decline', ip, subnet: subnet.name, until });
}

function decideRelease(exchange: Exchange): DhcpDecision {
  const { request, view, mac } = exchange;
  const ip = request.ciaddr;
  if (ip === undefined) return silence('request-incomplete');
  const lease = view.leases.find(ip);
  if (lease?.state !== 'active' || lease.mac !== mac || !isForUs(exchange)) return silence('release-not-holder');
  return silence('released', { kind: 'release', ip, mac });
}
