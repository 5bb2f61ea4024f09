import { ipv4ToNumber, networkOf, prefixLengthOf, type Ipv4 } from '@rackwright/kernel';
import type { RelayMatch, Subnet } from '../site-data.js';
import type { RelayFacts } from './dhcp-request.js';

function masked(address: number, prefixLength: number): number {
  return prefixLength === 0 ? 0 : (address & (0xffffffff << (32 - prefixLength))) >>> 0;
}

/** The subnets of a site, found by address or relay in constant time. */
export class SubnetIndex {
  readonly #byName = new Map<string, Subnet>();
  readonly #byNetwork = new Map<number, Map<number, Subnet>>();
  readonly #prefixLengths: readonly number[];
  readonly #byGiaddr = new Map<Ipv4, Subnet>();
  readonly #byCircuitId = new Map<string, Subnet>();
  readonly #byRemoteId = new Map<string, Subnet>();

  constructor(subnets: readonly Subnet[]) {
    for (const subnet of subnets) this.#add(subnet);
    this.#prefixLengths = [...this.#byNetwork.keys()].sort((left, right) => right - left);
  }

  byName(name: string): Subnet | undefined {
    return this.#byName.get(name);
  }

  /** The smallest subnet that holds the address. */
  containing(ip: Ipv4): Subnet | undefined {
    const address = ipv4ToNumber(ip);
    for (const prefixLength of this.#prefixLengths) {
      const found = this.#byNetwork.get(prefixLength)?.get(masked(address, prefixLength));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The subnet whose relay match names the relay or the port behind it; the most specific match wins. */
  matching(giaddr: Ipv4 | undefined, relay: RelayFacts | undefined): Subnet | undefined {
    return (
      this.#byCircuitId.get(relay?.circuitId ?? '') ??
      this.#byRemoteId.get(relay?.remoteId ?? '') ??
      (giaddr === undefined ? undefined : this.#byGiaddr.get(giaddr))
    );
  }

  #add(subnet: Subnet): void {
    this.#byName.set(subnet.name, subnet);
    const prefixLength = prefixLengthOf(subnet.cidr);
    const networks = this.#byNetwork.get(prefixLength) ?? new Map<number, Subnet>();
    networks.set(ipv4ToNumber(networkOf(subnet.cidr)), subnet);
    this.#byNetwork.set(prefixLength, networks);
    if (subnet.relay !== undefined) this.#addRelay(subnet, subnet.relay);
  }

  #addRelay(subnet: Subnet, { giaddr, circuit_ids, remote_ids }: RelayMatch): void {
    for (const address of giaddr ?? []) this.#byGiaddr.set(address, subnet);
    for (const id of circuit_ids ?? []) this.#byCircuitId.set(id, subnet);
    for (const id of remote_ids ?? []) this.#byRemoteId.set(id, subnet);
  }
}
