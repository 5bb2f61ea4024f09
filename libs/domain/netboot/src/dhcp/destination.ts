import type { Ipv4 } from '@rackwright/kernel';
import type { Destination } from './dhcp-decision.js';
import type { BootExchange } from './exchange.js';

/** RFC 2131 section 4.1. */
const SERVER_PORT = 67;
const CLIENT_PORT = 68;

const toEveryone: Destination = { kind: 'broadcast', port: CLIENT_PORT };

function relayOf({ request, arrival }: BootExchange): Destination | undefined {
  if (request.giaddr === undefined) return undefined;
  const port = request.relay?.usesSourcePort === true ? arrival.sourcePort : SERVER_PORT;
  return { kind: 'relay', address: request.giaddr, port };
}

/** To the relay, to the address the client has, to its network card, or to everyone: RFC 2131 section 4.1. */
export function destinationOf(exchange: BootExchange, yiaddr: Ipv4 | undefined): Destination {
  const { request, mac } = exchange;
  const relay = relayOf(exchange);
  if (relay !== undefined) return relay;
  if (request.ciaddr !== undefined) return { kind: 'unicast', address: request.ciaddr, port: CLIENT_PORT };
  if (yiaddr === undefined || request.wantsBroadcast === true) return toEveryone;
  return { kind: 'link', mac, address: yiaddr, port: CLIENT_PORT };
}

/** A refusal reaches a client that believes in an address it may not have: RFC 2131 section 4.1. */
export function refusalDestination(exchange: BootExchange): Destination {
  return relayOf(exchange) ?? toEveryone;
}

/** A boot server answers where it was asked from: PXE 2.1 section 2.2.5. */
export function bootServerDestination(exchange: BootExchange): Destination {
  const { sourceAddress, sourcePort } = exchange.arrival;
  const relay = relayOf(exchange);
  if (relay !== undefined || sourceAddress === undefined) return relay ?? destinationOf(exchange, undefined);
  return { kind: 'unicast', address: sourceAddress, port: sourcePort };
}
