import type { EpochMs } from '@rackwright/kernel';
import type { LeaseChange } from '../leases/lease-change.js';
import type { ChosenAddress } from './choose-address.js';
import type { Destination, Reply, ReplyFields } from './dhcp-decision.js';
import type { Exchange } from './exchange.js';
import { leaseFields, networkFields } from './network-fields.js';
import { planBoot } from './plan-boot.js';

/** RFC 2131 section 4.1. */
const SERVER_PORT = 67;
const CLIENT_PORT = 68;

function relayOf({ request, arrival }: Exchange): Destination | undefined {
  if (request.giaddr === undefined) return undefined;
  const port = request.relay?.usesSourcePort === true ? arrival.sourcePort : SERVER_PORT;
  return { kind: 'relay', address: request.giaddr, port };
}

/** To the relay, else to the address the client has, else to everyone: RFC 2131 section 4.1. */
function destinationOf(exchange: Exchange): Destination {
  const { ciaddr } = exchange.request;
  const direct: Destination =
    ciaddr === undefined
      ? { kind: 'broadcast', port: CLIENT_PORT }
      : { kind: 'unicast', address: ciaddr, port: CLIENT_PORT };
  return relayOf(exchange) ?? direct;
}

function serverIdField(exchange: Exchange): ReplyFields {
  const overridden = exchange.request.relay?.serverOverride === exchange.serverId;
  return { serverId: { value: exchange.serverId, from: { kind: overridden ? 'request' : 'region' } } };
}

/** Gives the address for the lease time, or offers it for a while. */
export function giveAddress(
  exchange: Exchange,
  type: 'offer' | 'ack',
  chosen: ChosenAddress & { readonly now: EpochMs },
): Reply {
  const boot = planBoot(exchange);
  const { ciaddr } = exchange.request;
  return {
    kind: 'reply',
    type,
    reason: `${type}-${chosen.from.kind}`,
    to: destinationOf(exchange),
    fields: {
      ...(type === 'ack' && ciaddr !== undefined ? { ciaddr: { value: ciaddr, from: { kind: 'request' } } } : {}),
      yiaddr: { value: chosen.ip, from: chosen.from },
      ...serverIdField(exchange),
      ...leaseFields(exchange),
      ...networkFields(exchange),
      ...(boot.ok ? boot.fields : {}),
    },
    change: type === 'offer' ? holdOf(exchange, chosen) : bindOf(exchange, chosen),
    ...(boot.ok ? {} : { bootRefusal: boot.refusal }),
  };
}

function holdOf(exchange: Exchange, chosen: ChosenAddress & { readonly now: EpochMs }): LeaseChange {
  const until = (chosen.now + exchange.view.offerMs) as EpochMs;
  return { kind: 'hold', ip: chosen.ip, mac: exchange.mac, subnet: exchange.subnet.name, until };
}

function bindOf(exchange: Exchange, chosen: ChosenAddress & { readonly now: EpochMs }): LeaseChange {
  const { request, mac, subnet } = exchange;
  return {
    kind: 'bind',
    ip: chosen.ip,
    mac,
    subnet: subnet.name,
    until: (chosen.now + Math.max(1, subnet.lease_seconds) * 1_000) as EpochMs,
    ...(request.clientId === undefined ? {} : { clientId: request.clientId }),
    ...(request.hostname === undefined ? {} : { hostname: request.hostname }),
  };
}

/** Parameters without an address, to a client that configured itself: RFC 2131 section 4.3.5. */
export function giveParameters(exchange: Exchange): Reply {
  const boot = planBoot(exchange);
  const { ciaddr } = exchange.request;
  return {
    kind: 'reply',
    type: 'ack',
    reason: 'ack-inform',
    to: destinationOf(exchange),
    fields: {
      ...(ciaddr === undefined ? {} : { ciaddr: { value: ciaddr, from: { kind: 'request' } } }),
      ...serverIdField(exchange),
      ...networkFields(exchange),
      ...(boot.ok ? boot.fields : {}),
    },
    ...(boot.ok ? {} : { bootRefusal: boot.refusal }),
  };
}

/** Tells the client to start over: broadcast unless relayed, whatever address it believes to have (RFC 2131 section 4.1). */
export function refuse(exchange: Exchange, reason: 'address-not-offered' | 'wrong-subnet' | 'address-changed'): Reply {
  return {
    kind: 'reply',
    type: 'nak',
    reason: `nak-${reason}`,
    to: relayOf(exchange) ?? { kind: 'broadcast', port: CLIENT_PORT },
    fields: { ...serverIdField(exchange), message: { value: reason, from: { kind: 'protocol' } } },
  };
}
