import type { Mac } from '@rackwright/kernel';

/** A trace of a machine that never came back is forgotten once this many others booted. */
const MAX_BOOTS = 4_096;

/** Remembers, for each booting machine, the trace that its first DHCP packet started. */
export class BootTraces {
  readonly #byMac = new Map<Mac, string>();
  readonly #limit: number;

  constructor(limit = MAX_BOOTS) {
    this.#limit = limit;
  }

  /** A boot begins: its firmware asked for an address. `traceparent` replaces that of an earlier boot. */
  begin(mac: Mac, traceparent: string): void {
    this.#byMac.delete(mac);
    this.#byMac.set(mac, traceparent);
    const [oldest] = this.#byMac.keys();
    if (this.#byMac.size > this.#limit && oldest !== undefined) this.#byMac.delete(oldest);
  }

  /** The `traceparent` of the machine's current boot. */
  of(mac: Mac): string | undefined {
    return this.#byMac.get(mac);
  }
}
