const MAX_CHUNK_BYTES = 1_048_576;
const MIN_CHUNK_BYTES = 65_536;
/** A transfer takes its share of this when it begins; with 500 of them 192 MiB are lent. */
const BUDGET_BYTES = 64 * MAX_CHUNK_BYTES;
const BUFFERS_PER_TRANSFER = 2;

/** Two buffers: one is being written while the other is being read. */
export type BufferPair = readonly [Buffer, Buffer];

/**
 * Buffers of file transfers, used again and again: a fresh megabyte costs more than reading one from the page cache. The
 * more transfers there are, the smaller their buffers.
 */
export class ChunkBuffers {
  readonly #free = new Map<number, BufferPair[]>();
  #lent = 0;

  /** Transfers that hold buffers. */
  get lent(): number {
    return this.#lent;
  }

  /** Buffers for one transfer of `octets`. */
  take(octets: number): BufferPair {
    this.#lent += 1;
    const share = BUDGET_BYTES / BUFFERS_PER_TRANSFER / this.#lent;
    const wanted = Math.min(share, Math.max(octets, MIN_CHUNK_BYTES), MAX_CHUNK_BYTES);
    const size = Math.max(MIN_CHUNK_BYTES, 2 ** Math.floor(Math.log2(wanted)));
    return this.#free.get(size)?.pop() ?? [Buffer.allocUnsafeSlow(size), Buffer.allocUnsafeSlow(size)];
  }

  /** The transfer is over. Buffers that the kernel may still be reading must not be used again. */
  giveBack(pair: BufferPair, isIdle: boolean): void {
    this.#lent -= 1;
    const size = pair[0].length;
    const free = this.#free.get(size) ?? [];
    if (!isIdle || (free.length + 1) * size * BUFFERS_PER_TRANSFER > BUDGET_BYTES / 4) return;
    free.push(pair);
    this.#free.set(size, free);
  }
}
