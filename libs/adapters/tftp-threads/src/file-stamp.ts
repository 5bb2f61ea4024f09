import type { LinuxCalls } from './linux-calls.js';
import { NativeMemory } from './native-memory.js';
import { AT_EMPTY_PATH, FILE_STATUS_BYTES, FileStatusField, STATX_SIZE_AND_MTIME } from './socket-layout.js';

/** Behind the status: the path that means the open file itself. */
const EMPTY_PATH_AT = FILE_STATUS_BYTES;

/** The length and the time of the last change of an open file, to be compared with what they are later. */
export class FileStamp {
  readonly #calls: LinuxCalls;
  readonly #descriptor: number;
  readonly #memory: NativeMemory;
  readonly #first: readonly number[];

  constructor(calls: LinuxCalls, descriptor: number) {
    this.#calls = calls;
    this.#descriptor = descriptor;
    this.#memory = new NativeMemory(calls, FILE_STATUS_BYTES + 1);
    this.#first = this.#read();
  }

  /** Where the system cannot tell, nothing has changed. */
  hasChanged(): boolean {
    const now = this.#read();
    return now.length > 0 && this.#first.length > 0 && now.some((value, index) => value !== this.#first[index]);
  }

  #read(): readonly number[] {
    const memory = this.#memory;
    const { address } = memory;
    const what = [AT_EMPTY_PATH, STATX_SIZE_AND_MTIME, address] as const;
    if (this.#calls.statx(this.#descriptor, address + EMPTY_PATH_AT, ...what) < 0) return [];
    return Object.values(FileStatusField).map((at) => memory.u32(at));
  }
}
