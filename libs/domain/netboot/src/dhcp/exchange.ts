import type { Ipv4, Mac } from '@rackwright/kernel';
import type { Reservation, Subnet } from '../site-data.js';
import type { Arrival, DhcpRequest } from './dhcp-request.js';
import type { NetbootView } from './netboot-view.js';

/** A request that passed the first checks, with what every answer to it needs. */
export interface BootExchange {
  readonly request: DhcpRequest;
  readonly arrival: Arrival;
  readonly view: NetbootView;
  readonly mac: Mac;
  /** A client we give no address may be on a network we have no data of. */
  readonly subnet: Subnet | undefined;
  readonly reservation: Reservation | undefined;
  /** What we call ourselves towards this client: RFC 5107 lets the relay decide. */
  readonly serverId: Ipv4;
}

/** A request that an address, or the parameters of a network, may be given for. */
export interface Exchange extends BootExchange {
  readonly subnet: Subnet;
}

/** Whether the client chose us, by any name we are known by. */
export function isForUs({ request, arrival, serverId }: BootExchange): boolean {
  const { serverId: chosen } = request;
  return chosen === undefined || chosen === serverId || arrival.addresses.includes(chosen);
}

/** Whether we know the network the client is on. */
export function hasSubnet(exchange: BootExchange): exchange is Exchange {
  return exchange.subnet !== undefined;
}
