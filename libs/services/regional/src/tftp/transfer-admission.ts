import type { Ipv4 } from '@rackwright/kernel';

export interface AdmissionLimits {
  readonly total: number;
  readonly perClient: number;
}

/** Counts transfers from the arrival of their requests to their end, and says when there is no room for more. */
export class TransferAdmission {
  readonly #limits: AdmissionLimits;
  readonly #perClient = new Map<Ipv4, number>();
  #count = 0;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  get count(): number {
    return this.#count;
  }

  hasRoom(address: Ipv4): boolean {
    return this.#count < this.#limits.total && (this.#perClient.get(address) ?? 0) < this.#limits.perClient;
  }

  enter(address: Ipv4): void {
    this.#change(address, 1);
  }

  leave(address: Ipv4): void {
    this.#change(address, -1);
  }

  #change(address: Ipv4, by: 1 | -1): void {
    this.#count += by;
    const own = (this.#perClient.get(address) ?? 0) + by;
    if (own === 0) this.#perClient.delete(address);
    else this.#perClient.set(address, own);
  }
}
