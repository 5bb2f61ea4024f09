import { broadcastOf, netmaskOf, prefixLengthOf } from '@rackwright/kernel';
import type { FieldSource, ReplyFields } from './dhcp-decision.js';
import type { Exchange } from './exchange.js';

/** A client renews after half of its lease and asks anyone after seven eighths: RFC 2131 section 4.4.5. */
const RENEWAL_SHARE = 0.5;
const REBINDING_SHARE = 0.875;
const POINT_TO_POINT_PREFIX = 31;

/** How long the address is the client's. */
export function leaseFields({ subnet }: Exchange): ReplyFields {
  const seconds = Math.max(1, subnet.lease_seconds);
  const from: FieldSource = { kind: 'subnet', name: subnet.name };
  const derived: FieldSource = { kind: 'protocol' };
  return {
    leaseSeconds: { value: seconds, from },
    renewalSeconds: { value: Math.floor(seconds * RENEWAL_SHARE), from: derived },
    rebindingSeconds: { value: Math.floor(seconds * REBINDING_SHARE), from: derived },
  };
}

/** What the client needs to know of its network. */
export function networkFields(exchange: Exchange): ReplyFields {
  const { subnet } = exchange;
  const from: FieldSource = { kind: 'subnet', name: subnet.name };
  const sourced = <T>(value: T): { readonly value: T; readonly from: FieldSource } => ({ value, from });
  return {
    subnetMask: sourced(netmaskOf(subnet.cidr)),
    ...(prefixLengthOf(subnet.cidr) < POINT_TO_POINT_PREFIX
      ? { broadcastAddress: sourced(broadcastOf(subnet.cidr)) }
      : {}),
    ...(subnet.gateway === undefined ? {} : { routers: sourced([subnet.gateway]) }),
    ...(subnet.dns.length === 0 ? {} : { dns: sourced(subnet.dns) }),
    ...(subnet.ntp.length === 0 ? {} : { ntp: sourced(subnet.ntp) }),
    ...(subnet.domain === undefined ? {} : { domain: sourced(subnet.domain) }),
    ...(subnet.search.length === 0 ? {} : { search: sourced(subnet.search) }),
    ...(subnet.mtu === undefined ? {} : { mtu: sourced(subnet.mtu) }),
    ...(subnet.routes.length === 0 ? {} : { routes: sourced(subnet.routes) }),
    ...hostnameField(exchange),
  };
}

function hostnameField({ reservation, view, mac }: Exchange): ReplyFields {
  if (reservation?.hostname !== undefined) {
    return { hostname: { value: reservation.hostname, from: { kind: 'reservation', name: mac } } };
  }
  const hostname = view.hostnameOf(mac);
  return hostname === undefined ? {} : { hostname: { value: hostname, from: { kind: 'machine', name: mac } } };
}
