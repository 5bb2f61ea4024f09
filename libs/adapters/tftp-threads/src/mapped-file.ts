import { FileStamp } from './file-stamp.js';
import type { LinuxCalls } from './linux-calls.js';
import { MADV_WILLNEED, MAP_SHARED, PROT_READ } from './socket-layout.js';

/** Asked for from the disk ahead of what is sent, so that sending one file does not wait and hold up the others. */
const READ_AHEAD_BYTES = 2 * 1024 * 1024;
/** The kernel starts reading at a page. */
const PAGE_MASK = 4_095;
const FAILED = 2 ** 63;

interface Mapping {
  readonly calls: LinuxCalls;
  readonly start: number;
  readonly sizeBytes: number;
  readonly stamp?: FileStamp;
}

/** A file as memory. This process never touches it, only the kernel does, so a file cut short is an error and no crash. */
export class MappedFile {
  readonly start: number;
  readonly #calls: LinuxCalls;
  readonly #sizeBytes: number;
  readonly #stamp: FileStamp | undefined;
  #askedUpTo = 0;

  private constructor({ calls, start, sizeBytes, stamp }: Mapping) {
    this.#calls = calls;
    this.start = start;
    this.#sizeBytes = sizeBytes;
    this.#stamp = stamp;
  }

  /** `undefined` when the file system cannot map it. */
  static open(calls: LinuxCalls, descriptor: number, sizeBytes: number): MappedFile | undefined {
    // Nothing cannot be mapped, and nothing of it is ever sent.
    if (sizeBytes === 0) return new MappedFile({ calls, start: 0, sizeBytes: 0 });
    const start = Number(calls.mmap(0, sizeBytes, PROT_READ, MAP_SHARED, descriptor, 0));
    if (start >= FAILED) return undefined;
    return new MappedFile({ calls, start, sizeBytes, stamp: new FileStamp(calls, descriptor) });
  }

  /** Whether it was written to since it was opened: what was sent of it may not belong together. */
  get hasChanged(): boolean {
    return this.#stamp?.hasChanged() === true;
  }

  /** Sending has come to `position`. */
  readAhead(position: number): void {
    if (position + READ_AHEAD_BYTES / 2 < this.#askedUpTo || this.#askedUpTo >= this.#sizeBytes) return;
    const from = this.#askedUpTo - (this.#askedUpTo & PAGE_MASK);
    const length = Math.min(READ_AHEAD_BYTES, this.#sizeBytes - from);
    this.#calls.madvise(this.start + from, length, MADV_WILLNEED);
    this.#askedUpTo = from + length;
  }

  close(): void {
    if (this.#sizeBytes > 0) this.#calls.munmap(this.start, this.#sizeBytes);
  }
}
