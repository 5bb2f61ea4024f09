import type { EpochMs } from '@rackwright/kernel';
import type { LeaseChange } from '../leases/lease-change.js';
import type { ChosenAddress } from './choose-address.js';
import { destinationOf, refusalDestination } from './destination.js';
import type { Reply, ReplyFields } from './dhcp-decision.js';
import type { BootExchange, Exchange } from './exchange.js';
import { leasedNetworkFields, leaseSecondsOf, networkFields } from './network-fields.js';
import { planBoot, type BootPlan } from './plan-boot.js';

/** What we are called. */
export function serverIdField(exchange: BootExchange): ReplyFields {
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
    to: destinationOf(exchange, chosen.ip),
    fields: {
      // First, because copying an object into an empty one is cheap.
      ...leasedNetworkFields(exchange),
      yiaddr: { value: chosen.ip, from: chosen.from },
      ...serverIdField(exchange),
      ...(type === 'ack' && ciaddr !== undefined && { ciaddr: { value: ciaddr, from: { kind: 'request' } } }),
      ...(boot.ok && boot.fields),
    },
    change: type === 'offer' ? holdOf(exchange, chosen) : bindOf(exchange, chosen),
    ...refusalOf(boot),
  };
}

function refusalOf(boot: BootPlan): Pick<Reply, 'bootRefusal' | 'missingFile'> {
  if (boot.ok) return {};
  const { refusal, missingFile } = boot;
  return { bootRefusal: refusal, ...(missingFile === undefined ? {} : { missingFile }) };
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
    until: (chosen.now + leaseSecondsOf(exchange) * 1_000) as EpochMs,
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
    to: destinationOf(exchange, undefined),
    fields: {
      ...(ciaddr === undefined ? {} : { ciaddr: { value: ciaddr, from: { kind: 'request' } } }),
      ...serverIdField(exchange),
      ...networkFields(exchange),
      ...(boot.ok ? boot.fields : {}),
    },
    ...refusalOf(boot),
  };
}

/** Tells the client to start over: broadcast unless relayed, whatever address it believes to have (RFC 2131 section 4.1). */
export function refuse(exchange: Exchange, reason: 'address-not-offered' | 'wrong-subnet' | 'address-changed'): Reply {
  return {
    kind: 'reply',
    type: 'nak',
    reason: `nak-${reason}`,
    to: refusalDestination(exchange),
    fields: { ...serverIdField(exchange), message: { value: reason, from: { kind: 'protocol' } } },
  };
}
