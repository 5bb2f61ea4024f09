const LF = 0x0a;
const CR = 0x0d;

/** A stretch of the file, in octets of the file as stored. */
export interface ContentRange {
  readonly offset: number;
  readonly length: number;
}

export interface ContentWindowOptions {
  readonly sizeBytes: number;
  /** Octets as sent. */
  readonly sentBytes: number;
  /** Octets per read; at least the window size times the block size. */
  readonly chunkBytes: number;
  readonly isNetascii: boolean;
}

/**
 * The part of a file between the first unacknowledged octet and the read-ahead limit. Positions are octets as sent,
 * which in netascii are more than octets as stored. At most two chunks are held, and one always suffices for a whole
 * window, so that the next read overlaps the sending.
 */
export class ContentWindow {
  readonly #sizeBytes: number;
  readonly #sentBytes: number;
  readonly #chunkBytes: number;
  readonly #isNetascii: boolean;
  readonly #chunks: Uint8Array[] = [];
  /** Position of the first octet of the first chunk. */
  #start = 0;
  #end = 0;
  #suppliedBytes = 0;
  #isReading = false;

  constructor(options: ContentWindowOptions) {
    this.#sizeBytes = options.sizeBytes;
    this.#sentBytes = options.sentBytes;
    this.#chunkBytes = options.chunkBytes;
    this.#isNetascii = options.isNetascii;
  }

  /** Octets held. */
  get bufferedBytes(): number {
    return this.#end - this.#start;
  }

  /** The next stretch to read, at most one at a time; `undefined` while there is no room for a whole chunk. */
  want(): ContentRange | undefined {
    const leftBytes = this.#sizeBytes - this.#suppliedBytes;
    if (this.#isReading || leftBytes === 0 || this.bufferedBytes > this.#chunkBytes) return undefined;
    this.#isReading = true;
    const chunkBytes = this.#isNetascii ? Math.ceil(this.#chunkBytes / 2) : this.#chunkBytes;
    return { offset: this.#suppliedBytes, length: Math.min(leftBytes, chunkBytes) };
  }

  /** Takes the octets of the last wanted stretch; `false` when they are not the ones wanted, or not as many as were counted. */
  supply(offset: number, bytes: Uint8Array): boolean {
    if (!this.#isReading || offset !== this.#suppliedBytes) return false;
    if (bytes.length === 0 || bytes.length > this.#sizeBytes - offset) return false;
    this.#isReading = false;
    this.#suppliedBytes += bytes.length;
    const chunk = this.#isNetascii ? toNetascii(bytes) : bytes;
    this.#chunks.push(chunk);
    this.#end += chunk.length;
    return this.#suppliedBytes < this.#sizeBytes ? this.#end <= this.#sentBytes : this.#end === this.#sentBytes;
  }

  /** Up to `length` octets at `position`; `undefined` while they are not all there and the file goes on. */
  slice(position: number, length: number): Uint8Array | undefined {
    const isComplete = this.#suppliedBytes === this.#sizeBytes;
    const available = Math.min(length, this.#end - position);
    if (available < length && !isComplete) return undefined;
    return this.#copy(position, available);
  }

  /** Forgets everything before `position`. */
  release(position: number): void {
    for (let first = this.#chunks[0]; first !== undefined; first = this.#chunks[0]) {
      if (this.#start + first.length > position) return;
      this.#start += first.length;
      this.#chunks.shift();
    }
  }

  /** Forgets everything. */
  clear(): void {
    this.#chunks.length = 0;
    this.#start = this.#end;
  }

  #copy(position: number, length: number): Uint8Array {
    const end = position + length;
    const parts: Uint8Array[] = [];
    let chunkStart = this.#start;
    for (const chunk of this.#chunks) {
      const part = chunk.subarray(Math.max(0, position - chunkStart), Math.max(0, end - chunkStart));
      if (part.length > 0) parts.push(part);
      chunkStart += chunk.length;
      if (chunkStart >= end) break;
    }
    const [first] = parts;
    return parts.length === 1 && first !== undefined ? first : joinParts(parts, length);
  }
}

function joinParts(parts: readonly Uint8Array[], length: number): Uint8Array {
  const joined = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** How many octets `bytes` become in mode netascii. */
export function netasciiSize(bytes: Uint8Array): number {
  let size = bytes.length;
  for (const octet of bytes) if (octet === LF || octet === CR) size += 1;
  return size;
}

/** Line ends as CR LF, a bare CR as CR NUL: RFC 764 (TELNET), which RFC 1350 section 1 refers to. */
function toNetascii(bytes: Uint8Array): Uint8Array {
  const size = netasciiSize(bytes);
  if (size === bytes.length) return bytes;
  const converted = new Uint8Array(size);
  let at = 0;
  for (const octet of bytes) {
    if (octet === LF) converted[at++] = CR;
    converted[at++] = octet;
    if (octet === CR) converted[at++] = 0;
  }
  return converted;
}
