import type { Ipv4, Mac } from '@rackwright/kernel';

/** One address per client and subnet. By subnet first: no key has to be put together for each look. */
export class ClientIndex {
  readonly #bySubnet = new Map<string, Map<Mac, Ipv4>>();

  get(mac: Mac, subnet: string): Ipv4 | undefined {
    return this.#bySubnet.get(subnet)?.get(mac);
  }

  set(mac: Mac, subnet: string, ip: Ipv4): void {
    const clients = this.#bySubnet.get(subnet);
    if (clients === undefined) this.#bySubnet.set(subnet, new Map([[mac, ip]]));
    else clients.set(mac, ip);
  }

  /** Forgets the address of a client, unless it has another one by now. */
  deleteIf(mac: Mac, subnet: string, ip: Ipv4): void {
    const clients = this.#bySubnet.get(subnet);
    if (clients?.get(mac) !== ip) return;
    clients.delete(mac);
    if (clients.size === 0) this.#bySubnet.delete(subnet);
  }
}
