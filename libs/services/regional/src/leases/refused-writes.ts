import type { LeaseWrite } from '@rackwright/domain-netboot';

/** Bounds how much an append grows by them. */
const MAX_TAKEN = 2_048;

/**
 * Changes of leases that memory has and the disk refused. Later ones are built on them: a client that gave up its
 * address has another by then, and the disk must not hold both for active. So they go ahead of what is written next.
 * One per address, its latest, with the event that is to be told of it.
 */
export class RefusedWrites {
  readonly #byAddress = new Map<string, LeaseWrite>();

  get size(): number {
    return this.#byAddress.size;
  }

  /** What to write now: as many of them as an append may carry, ahead of `writes`. */
  ahead(writes: readonly LeaseWrite[]): readonly LeaseWrite[] {
    if (this.#byAddress.size === 0) return writes;
    return [...[...this.#byAddress.values()].slice(0, MAX_TAKEN), ...writes];
  }

  refused(writes: readonly LeaseWrite[]): void {
    for (const write of writes) {
      const known = this.#byAddress.get(write.lease.ip);
      if (known === undefined) this.#byAddress.set(write.lease.ip, write);
      else if (known.lease.version <= write.lease.version) this.#byAddress.set(write.lease.ip, { ...known, ...write });
    }
  }

  /** The disk has these now, and with them what they replace. */
  written(writes: readonly LeaseWrite[]): void {
    for (const { lease } of writes) {
      const known = this.#byAddress.get(lease.ip);
      if (known !== undefined && known.lease.version <= lease.version) this.#byAddress.delete(lease.ip);
    }
  }
}
