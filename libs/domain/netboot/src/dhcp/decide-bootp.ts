import type { EpochMs } from '@rackwright/kernel';
import { reservedAddress } from './choose-address.js';
import { silence, type DhcpDecision } from './dhcp-decision.js';
import { destinationOf } from './destination.js';
import type { Exchange } from './exchange.js';
import { networkFields } from './network-fields.js';

/**
 * A message without option 53, from a client that keeps its address for ever: it gets its reservation or nothing, since
 * an address of a pool would never come back (RFC 1534 section 2).
 */
export function decideBootp(exchange: Exchange, now: EpochMs): DhcpDecision {
  const { view, mac } = exchange;
  if (view.bootp === 'off') return silence('bootp-not-served');
  const reserved = reservedAddress(exchange);
  if (reserved === undefined) return silence('unknown-machine');
  if (!view.leases.isFreeFor(reserved, mac, now)) return silence('reserved-address-taken');
  const { subnetMask, routers, dns, hostname, domain } = networkFields(exchange);
  return {
    kind: 'reply',
    type: 'bootp',
    reason: 'bootp-reservation',
    to: destinationOf(exchange, reserved),
    fields: {
      yiaddr: { value: reserved, from: { kind: 'reservation', name: mac } },
      ...(subnetMask === undefined ? {} : { subnetMask }),
      ...(routers === undefined ? {} : { routers }),
      ...(dns === undefined ? {} : { dns }),
      ...(hostname === undefined ? {} : { hostname }),
      ...(domain === undefined ? {} : { domain }),
    },
  };
}
