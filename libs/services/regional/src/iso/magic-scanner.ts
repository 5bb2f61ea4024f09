/** Finds a text in octets that come in pieces, also where it lies across two or more of them. */
export class MagicScanner {
  readonly #magic: Buffer;
  readonly #offsets: number[];
  /** Octets that may be the beginning of the text; they end where the next piece begins. */
  #tail: Buffer = Buffer.alloc(0);
  #tailAt: number;

  /** Goes on at `decidedTo` of an object of which `offsets` are known. */
  constructor(magic: string, { decidedTo = 0, offsets = [] as readonly number[] } = {}) {
    this.#magic = Buffer.from(magic, 'latin1');
    this.#tailAt = decidedTo;
    this.#offsets = [...offsets];
  }

  /** Where the text begins, in order; the list grows as octets come. */
  get offsets(): readonly number[] {
    return this.#offsets;
  }

  /** Up to here it is known which octets belong to the text. */
  get decidedTo(): number {
    return this.#tailAt;
  }

  push(piece: Uint8Array): void {
    const searched = Buffer.concat([this.#tail, piece]);
    let from = 0;
    for (let at = searched.indexOf(this.#magic); at !== -1; at = searched.indexOf(this.#magic, from)) {
      this.#offsets.push(this.#tailAt + at);
      from = at + this.#magic.length;
    }
    from = Math.max(from, searched.length - this.#magic.length + 1, 0);
    this.#tail = Buffer.from(searched.subarray(from));
    this.#tailAt += from;
  }
}
