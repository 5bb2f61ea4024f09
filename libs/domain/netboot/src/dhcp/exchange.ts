import type { Ipv4, Mac } from '@rackwright/kernel';
import type { Reservation, Subnet } from '../site-data.js';
import type { Arrival, DhcpRequest } from './dhcp-request.js';
import type { NetbootView } from './netboot-view.js';

/** A request that passed the first checks, with what every answer to it needs. */
export interface Exchange {
  readonly request: DhcpRequest;
  readonly arrival: Arrival;
  readonly view: NetbootView;
  readonly mac: Mac;
  readonly subnet: Subnet;
  readonly reservation: Reservation | undefined;
  /** What we call ourselves towards this client: RFC 5107 lets the relay decide. */
  readonly serverId: Ipv4;
}

/** Whether the client chose us, by any name we are known by. */
export function isForUs({ request, arrival, serverId }: Exchange): boolean {
  const { serverId: chosen } = request;
  return chosen === undefined || chosen === serverId || arrival.addresses.includes(chosen);
}
