import type { LeaseLookup } from '@rackwright/domain-netboot';
import type { Clock, Ipv4, Mac } from '@rackwright/kernel';
import type { RegionView } from '../region-view/region-view.port.js';

/** Nodes change with every heartbeat; what is a second old is good enough to find an address by. */
const REBUILD_EVERY_MS = 1_000;

export interface MachineAddressesParts {
  readonly view: RegionView;
  readonly leases: Pick<LeaseLookup, 'find'>;
  readonly clock: Clock;
}

/** Which machine has an address: by its lease, else its reservation, else as its node was seen. */
export class MachineAddresses {
  readonly #parts: MachineAddressesParts;
  #byAddress: ReadonlyMap<Ipv4, Mac> | undefined;
  #builtAtMs = 0;

  constructor(parts: MachineAddressesParts) {
    this.#parts = parts;
  }

  find(address: Ipv4): Mac | undefined {
    const lease = this.#parts.leases.find(address);
    if (lease?.state === 'active' && lease.mac !== undefined) return lease.mac;
    return this.#known().get(address);
  }

  #known(): ReadonlyMap<Ipv4, Mac> {
    const now = this.#parts.clock.monotonicMs();
    if (this.#byAddress !== undefined && now - this.#builtAtMs < REBUILD_EVERY_MS) return this.#byAddress;
    const byAddress = new Map<Ipv4, Mac>();
    const { view } = this.#parts;
    for (const { ip, mac } of view.nodes()) if (ip !== undefined) byAddress.set(ip, mac);
    for (const { ip, mac } of view.reservations()) if (ip !== undefined) byAddress.set(ip, mac);
    this.#byAddress = byAddress;
    this.#builtAtMs = now;
    return byAddress;
  }
}
