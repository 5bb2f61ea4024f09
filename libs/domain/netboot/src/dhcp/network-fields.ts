import { broadcastOf, netmaskOf, prefixLengthOf, type Cidr } from '@rackwright/kernel';
import type { NetworkParameters, StaticRoute, Subnet } from '../site-data.js';
import type { FieldSource, ReplyFields, Sourced } from './dhcp-decision.js';
import type { Exchange } from './exchange.js';
import { nextServer } from './plan-boot.js';

/** A client renews after half of its lease and asks anyone after seven eighths: RFC 2131 section 4.4.5. */
const RENEWAL_SHARE = 0.5;
const REBINDING_SHARE = 0.875;
/** Below this T1 < T2 < lease has no solution in whole seconds, and the client does the arithmetic itself. */
const MIN_SPLIT_SECONDS = 3;
const POINT_TO_POINT_PREFIX = 31;
const DEFAULT_ROUTE = '0.0.0.0/0' as Cidr;

/** The machine's own parameters take the place of all of its subnet's. */
function parametersOf({ subnet, reservation, mac }: Exchange): Sourced<NetworkParameters> {
  const own = reservation?.network;
  if (own !== undefined) return { value: own, from: { kind: 'reservation', name: mac } };
  return { value: subnet, from: { kind: 'subnet', name: subnet.name } };
}

/** How long the address is the client's. */
export function leaseSecondsOf(exchange: Exchange): number {
  return Math.max(1, parametersOf(exchange).value.lease_seconds);
}

/** What every machine of a subnet without parameters of its own is told; made once per subnet. */
const bySubnet = new WeakMap<Subnet, ReplyFields>();

/** The lease time and when to renew it, and what the client needs to know of its network. */
export function leasedNetworkFields(exchange: Exchange): ReplyFields {
  const { subnet, reservation } = exchange;
  if (reservation?.network !== undefined) return { ...leaseFields(exchange), ...networkFields(exchange) };
  let shared = bySubnet.get(subnet);
  if (shared === undefined) {
    shared = { ...leaseFields(exchange), ...sharedFields(exchange) };
    bySubnet.set(subnet, shared);
  }
  const log = logServerField(exchange);
  const hostname = hostnameField(exchange);
  return log === undefined && hostname === undefined ? shared : { ...shared, ...log, ...hostname };
}

function leaseFields(exchange: Exchange): ReplyFields {
  const { from } = parametersOf(exchange);
  const seconds = leaseSecondsOf(exchange);
  const derived: FieldSource = { kind: 'protocol' };
  if (seconds < MIN_SPLIT_SECONDS) return { leaseSeconds: { value: seconds, from } };
  return {
    leaseSeconds: { value: seconds, from },
    renewalSeconds: { value: Math.floor(seconds * RENEWAL_SHARE), from: derived },
    rebindingSeconds: { value: Math.floor(seconds * REBINDING_SHARE), from: derived },
  };
}

/** What the client needs to know of its network. */
export function networkFields(exchange: Exchange): ReplyFields {
  return { ...sharedFields(exchange), ...logServerField(exchange), ...hostnameField(exchange) };
}

function sharedFields(exchange: Exchange): ReplyFields {
  const { subnet } = exchange;
  const from: FieldSource = { kind: 'subnet', name: subnet.name };
  const sourced = <T>(value: T): { readonly value: T; readonly from: FieldSource } => ({ value, from });
  return {
    subnetMask: sourced(netmaskOf(subnet.cidr)),
    ...(prefixLengthOf(subnet.cidr) < POINT_TO_POINT_PREFIX
      ? { broadcastAddress: sourced(broadcastOf(subnet.cidr)) }
      : {}),
    ...(subnet.mtu === undefined ? {} : { mtu: sourced(subnet.mtu) }),
    ...parameterFields(exchange),
  };
}

function parameterFields(exchange: Exchange): ReplyFields {
  const { value, from } = parametersOf(exchange);
  const sourced = <T>(field: T): Sourced<T> => ({ value: field, from });
  const routes = routesOf(exchange.subnet.routes, value.gateway);
  return {
    ...(value.gateway === undefined ? {} : { routers: sourced([value.gateway]) }),
    ...(value.dns.length === 0 ? {} : { dns: sourced(value.dns) }),
    ...(value.ntp.length === 0 ? {} : { ntp: sourced(value.ntp) }),
    ...(value.domain === undefined ? {} : { domain: sourced(value.domain) }),
    ...(value.search.length === 0 ? {} : { search: sourced(value.search) }),
    ...(routes.length === 0 ? {} : { routes: { value: routes, from: { kind: 'subnet', name: exchange.subnet.name } } }),
  };
}

/** A client that understands option 121 ignores option 3 (RFC 3442), so the default route has to be in both. */
function routesOf(routes: readonly StaticRoute[], gateway: Subnet['gateway']): readonly StaticRoute[] {
  if (
    routes.length === 0 ||
    gateway === undefined ||
    routes.some(({ destination }) => prefixLengthOf(destination) === 0)
  )
    return routes;
  return [...routes, { destination: DEFAULT_ROUTE, gateway }];
}

/** Syslog is where the boot files are. */
function logServerField(exchange: Exchange): ReplyFields | undefined {
  if (exchange.view.boot.logServer === undefined) return undefined;
  const server = exchange.subnet.next_server === undefined ? undefined : nextServer(exchange);
  const { value, from } = server ?? { value: exchange.view.boot.logServer, from: { kind: 'region', name: 'syslog' } };
  return { logServers: { value: [value], from } };
}

function hostnameField({ reservation, view, mac }: Exchange): ReplyFields | undefined {
  if (reservation?.hostname !== undefined) {
    return { hostname: { value: reservation.hostname, from: { kind: 'reservation', name: mac } } };
  }
  const hostname = view.hostnameOf(mac);
  return hostname === undefined ? undefined : { hostname: { value: hostname, from: { kind: 'machine', name: mac } } };
}
