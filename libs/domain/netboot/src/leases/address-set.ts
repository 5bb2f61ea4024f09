const BITS = 32;

/**
 * A set of the numbers 0 to `size` - 1 as a tree of bit words: adding, removing and finding the next member take
 * O(log n), so that choosing an address costs the same in an empty and in a nearly full pool.
 */
export class AddressSet {
  /** Level 0 holds the members; a bit of a higher level says that the word below it is not empty. */
  readonly #levels: Int32Array[] = [];
  readonly #size: number;
  #count = 0;

  constructor(size: number) {
    this.#size = size;
    let words = Math.max(1, Math.ceil(size / BITS));
    for (;;) {
      this.#levels.push(new Int32Array(words));
      if (words === 1) return;
      words = Math.ceil(words / BITS);
    }
  }

  get count(): number {
    return this.#count;
  }

  has(index: number): boolean {
    return index >= 0 && index < this.#size && (this.#word(0, index >>> 5) & (1 << (index & 31))) !== 0;
  }

  add(index: number): void {
    if (index < 0 || index >= this.#size || this.has(index)) return;
    this.#count += 1;
    let at = index;
    for (const level of this.#levels) {
      const word = level[at >>> 5] ?? 0;
      level[at >>> 5] = word | (1 << (at & 31));
      if (word !== 0) return;
      at >>>= 5;
    }
  }

  delete(index: number): void {
    if (!this.has(index)) return;
    this.#count -= 1;
    let at = index;
    for (const level of this.#levels) {
      const word = (level[at >>> 5] ?? 0) & ~(1 << (at & 31));
      level[at >>> 5] = word;
      if (word !== 0) return;
      at >>>= 5;
    }
  }

  /** The least member not below `from`, else the least member of all; `undefined` when empty. */
  nextFrom(from: number): number | undefined {
    return this.#atLeast(0, from) ?? this.#atLeast(0, 0);
  }

  #atLeast(level: number, from: number): number | undefined {
    const words = this.#levels[level];
    if (words === undefined || from >>> 5 >= words.length) return undefined;
    const rest = (words[from >>> 5] ?? 0) & (-1 << (from & 31));
    if (rest !== 0) return (from & ~31) + lowestBit(rest);
    const nextWord = this.#atLeast(level + 1, (from >>> 5) + 1);
    if (nextWord === undefined) return undefined;
    return nextWord * BITS + lowestBit(words[nextWord] ?? 0);
  }

  #word(level: number, index: number): number {
    return this.#levels[level]?.[index] ?? 0;
  }
}

function lowestBit(word: number): number {
  return BITS - 1 - Math.clz32(word & -word);
}
