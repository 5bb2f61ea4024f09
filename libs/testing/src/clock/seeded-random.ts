import type { Random } from '@rackwright/kernel';

/** Randomness that repeats itself for the same seed (xorshift, 32 bits): not for secrets. */
export class SeededRandom implements Random {
  #state: number;

  constructor(seed: number) {
    // The generator never leaves the state 0.
    this.#state = seed | 0 || 0x9e3779b9 | 0;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.#next() & 0xff);
  }

  fraction(): number {
    return this.#next() / 2 ** 32;
  }

  #next(): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return state >>> 0;
  }
}
