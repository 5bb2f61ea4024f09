/** The block number that follows 65535. */
export type RolloverTo = 0 | 1;

const WIRE_NUMBERS = 0x10000;

/** Translates between block numbers that only grow and the 16 bits on the wire. */
export class BlockCounter {
  readonly #rolloverTo: RolloverTo;

  constructor(rolloverTo: RolloverTo) {
    this.#rolloverTo = rolloverTo;
  }

  /** The number on the wire. */
  wire(block: number): number {
    if (block < WIRE_NUMBERS) return block;
    return this.#rolloverTo === 0 ? block % WIRE_NUMBERS : ((block - 1) % (WIRE_NUMBERS - 1)) + 1;
  }

  /** How many blocks after `block` the wire number `wire` is, if it is after it; `undefined` for a number not in use. */
  distance(block: number, wire: number): number | undefined {
    if (this.#rolloverTo === 0) return (wire - this.wire(block) + WIRE_NUMBERS) % WIRE_NUMBERS;
    if (block === 0) return wire;
    const cycle = WIRE_NUMBERS - 1;
    return wire === 0 ? undefined : (wire - this.wire(block) + cycle) % cycle;
  }
}
