/**
 * A bounded cursor over bytes. Reading past the end never throws: it yields zeros (or what is left), sets
 * {@link overrun} and makes {@link remaining} zero, so that a decoder needs one check at its exit.
 */
export class ByteReader {
  #offset: number;
  #overrun = false;
  readonly #end: number;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#offset = start;
    this.#end = Math.min(end, bytes.length);
  }

  /** Octets not yet read; zero after an overrun. */
  get remaining(): number {
    return this.#overrun ? 0 : this.#end - this.#offset;
  }

  /** Where the next read starts, counted from the start of the underlying bytes. */
  get offset(): number {
    return this.#offset;
  }

  /** Whether a read asked for more than there was. */
  get overrun(): boolean {
    return this.#overrun;
  }

  u8(): number {
    return this.#take(1) ? (this.#bytes[this.#offset - 1] ?? 0) : 0;
  }

  u16(): number {
    return this.u8() * 0x100 + this.u8();
  }

  u32(): number {
    return this.u16() * 0x10000 + this.u16();
  }

  /** The next `length` octets as a view, not a copy; an empty view after an overrun. */
  bytes(length: number): Uint8Array {
    if (!this.#take(length)) return new Uint8Array(0);
    // Cheaper than subarray(), and a plain Uint8Array even over a Buffer.
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + this.#offset - length, length);
  }

  #take(length: number): boolean {
    if (this.#overrun || this.#offset + length > this.#end) {
      this.#overrun = true;
      return false;
    }
    this.#offset += length;
    return true;
  }
}
