import { WORD_BYTES, type Load } from './load.js';

const DATA = 3;
const ERROR = 5;
const OACK = 6;
const HEADER_BYTES = 4;
const WIRE_NUMBERS = 0x10000;

/** What to send after a packet: an acknowledgement of a block, or nothing. */
export const NOTHING = -1;

/** One read transfer seen from the client; keeps no data, but checks that each block is the right one. */
export class ClientSession {
  readonly #load: Load;
  blockSizeBytes = 512;
  windowBlocks = 1;
  bytes = 0;
  gaps = 0;
  isConnected = false;
  isDone = false;
  /** The block to acknowledge again after silence. */
  last = 0;
  #next = 1;
  #inWindow = 0;
  #hasToldGap = false;

  constructor(load: Load) {
    this.#load = load;
  }

  /** Takes the packet at `at`; returns the block number to acknowledge, or `NOTHING`. */
  take(memory: Buffer, at: number, length: number): number {
    switch (memory[at + 1]) {
      case DATA:
        return this.#data(memory, at, length - HEADER_BYTES);
      case OACK:
        this.#agree(memory.toString('latin1', at + 2, at + length));
        return 0;
      case ERROR:
        throw new Error(`the server says: ${memory.toString('latin1', at + HEADER_BYTES, at + length)}`);
      default:
        throw new Error(`unexpected opcode ${String(memory[at + 1])}`);
    }
  }

  #data(memory: Buffer, at: number, length: number): number {
    const block = memory.readUInt16BE(at + 2);
    if (block !== this.#next % WIRE_NUMBERS) return this.#gap();
    const isLast = length < this.blockSizeBytes;
    if (length >= WORD_BYTES && memory.readUInt32LE(at + HEADER_BYTES) !== this.bytes / WORD_BYTES) {
      throw new Error(`block ${String(this.#next)} has octets of another place`);
    }
    this.bytes += length;
    this.#next += 1;
    this.#inWindow += 1;
    this.#hasToldGap = false;
    if (isLast) this.#finish();
    if (!isLast && this.#inWindow < this.windowBlocks) return NOTHING;
    this.#inWindow = 0;
    this.last = block;
    return block;
  }

  /** RFC 7440 section 4: the last block in order is acknowledged once, the rest of the window let go. */
  #gap(): number {
    if (this.#hasToldGap) return NOTHING;
    this.#hasToldGap = true;
    this.gaps += 1;
    this.#inWindow = 0;
    this.last = (this.#next - 1) % WIRE_NUMBERS;
    return this.last;
  }

  #finish(): void {
    this.isDone = true;
    if (this.bytes !== this.#load.fileBytes) throw new Error(`the file ended after ${String(this.bytes)} octets`);
  }

  #agree(text: string): void {
    const words = text.split('\0');
    const value = (name: string): string | undefined => words[words.indexOf(name) + 1];
    if (words.includes('blksize')) this.blockSizeBytes = Number(value('blksize'));
    if (words.includes('windowsize')) this.windowBlocks = Number(value('windowsize'));
    if (this.blockSizeBytes !== this.#load.blockSizeBytes) throw new Error('the server granted another block size');
  }
}
