import type { Subnet } from '../site-data.js';
import type { Arrival, DhcpRequest } from './dhcp-request.js';
import type { SubnetIndex } from './subnet-index.js';

/**
 * The subnet a client is on: link selection (RFC 3527), subnet selection (RFC 3011), the relay's address, the relay
 * match, the client's own address, the interface; the first that is given decides, and finds a subnet or none.
 */
export function chooseSubnet(request: DhcpRequest, arrival: Arrival, subnets: SubnetIndex): Subnet | undefined {
  const { giaddr, relay, ciaddr } = request;
  const named = relay?.linkSelection ?? request.subnetSelection;
  if (named !== undefined) return subnets.containing(named);
  if (giaddr !== undefined) return subnets.containing(giaddr) ?? subnets.matching(giaddr, relay);
  const own = ciaddr === undefined ? undefined : subnets.containing(ciaddr);
  return (relay && subnets.matching(undefined, relay)) ?? own ?? subnetOfInterface(arrival, subnets);
}

function subnetOfInterface({ addresses }: Arrival, subnets: SubnetIndex): Subnet | undefined {
  for (const address of addresses) {
    const found = subnets.containing(address);
    if (found !== undefined) return found;
  }
  return undefined;
}
