import type { LinuxCalls } from './linux-calls.js';

const TWO_TO_THE_32 = 0x1_0000_0000;

/** Octets that never move, for structures of the kernel; numbers are in the order of the machine, little-endian. */
export class NativeMemory {
  readonly bytes: Uint8Array;
  readonly address: number;
  readonly #view: DataView;

  constructor(calls: LinuxCalls, sizeBytes: number) {
    const buffer = new ArrayBuffer(sizeBytes);
    this.bytes = new Uint8Array(buffer);
    this.#view = new DataView(buffer);
    this.address = calls.addressOf(this.bytes);
  }

  u16(at: number): number {
    return this.#view.getUint16(at, true);
  }

  setU16(at: number, value: number): void {
    this.#view.setUint16(at, value, true);
  }

  u32(at: number): number {
    return this.#view.getUint32(at, true);
  }

  setU32(at: number, value: number): void {
    this.#view.setUint32(at, value, true);
  }

  /** A length or an address. */
  setWord(at: number, value: number): void {
    this.#view.setUint32(at, value % TWO_TO_THE_32, true);
    this.#view.setUint32(at + 4, Math.floor(value / TWO_TO_THE_32), true);
  }

  /** In the order of the network. */
  netU16(at: number): number {
    return this.#view.getUint16(at, false);
  }

  setNetU16(at: number, value: number): void {
    this.#view.setUint16(at, value, false);
  }

  netU32(at: number): number {
    return this.#view.getUint32(at, false);
  }

  setNetU32(at: number, value: number): void {
    this.#view.setUint32(at, value, false);
  }
}
