import { MAX_MESSAGE_BYTES } from './parse-syslog.js';

const LINE_FEED = 0x0a;
const NUL = 0x00;
const SPACE = 0x20;
const ZERO = 0x30;
const NINE = 0x39;
/** Digits of a message length: nobody sends more than ten million octets. */
const MAX_COUNT_DIGITS = 7;

/**
 * Divides a TCP stream into messages: octet counting or a terminator (line feed or NUL), told apart frame by frame by the
 * first octet, as RFC 6587 section 3.4 has it. Memory is bounded by one message: of a longer one the beginning is kept.
 */
export class FrameSplitter {
  readonly #frame = new Uint8Array(MAX_MESSAGE_BYTES);
  #kept = 0;
  /** Octets of a counted frame still to come; `undefined` outside of one. */
  #remaining: number | undefined;
  #count = '';
  #state: 'start' | 'count' | 'line' | 'counted' = 'start';

  /** The messages that `bytes` complete; empty ones are left out. */
  push(bytes: Uint8Array): readonly Uint8Array[] {
    const frames: Uint8Array[] = [];
    for (let at = 0; at < bytes.length;) at = this.#step(bytes, { at, frames });
    return frames;
  }

  /** The message that the end of the stream completes, if there is one. */
  end(): Uint8Array | undefined {
    if (this.#state === 'count') this.#startLine();
    const frames: Uint8Array[] = [];
    this.#finish(frames);
    return frames[0];
  }

  #step(bytes: Uint8Array, { at, frames }: { readonly at: number; readonly frames: Uint8Array[] }): number {
    const octet = bytes[at] ?? NUL;
    switch (this.#state) {
      case 'start':
        if (octet > ZERO && octet <= NINE) this.#state = 'count';
        else this.#state = 'line';
        return at;
      case 'count':
        return this.#takeCount(octet, at);
      case 'line':
        return this.#takeLine(bytes, { at, frames });
      case 'counted':
        return this.#takeCounted(bytes, { at, frames });
    }
  }

  #takeCount(octet: number, at: number): number {
    if (octet === SPACE && this.#count !== '') {
      this.#state = 'counted';
      this.#remaining = Number(this.#count);
      this.#count = '';
      return at + 1;
    }
    if (octet < ZERO || octet > NINE || this.#count.length >= MAX_COUNT_DIGITS) {
      this.#startLine();
      return at;
    }
    this.#count += String.fromCharCode(octet);
    return at + 1;
  }

  /** Digits that were no length are the beginning of a line. */
  #startLine(): void {
    this.#state = 'line';
    this.#keep(new TextEncoder().encode(this.#count));
    this.#count = '';
  }

  #takeLine(bytes: Uint8Array, { at, frames }: { readonly at: number; readonly frames: Uint8Array[] }): number {
    let end = at;
    while (end < bytes.length && bytes[end] !== LINE_FEED && bytes[end] !== NUL) end += 1;
    this.#keep(bytes.subarray(at, end));
    if (end === bytes.length) return end;
    this.#finish(frames);
    return end + 1;
  }

  #takeCounted(bytes: Uint8Array, { at, frames }: { readonly at: number; readonly frames: Uint8Array[] }): number {
    const remaining = this.#remaining ?? 0;
    const taken = Math.min(remaining, bytes.length - at);
    this.#keep(bytes.subarray(at, at + taken));
    this.#remaining = remaining - taken;
    if (this.#remaining === 0) this.#finish(frames);
    return at + taken;
  }

  #keep(bytes: Uint8Array): void {
    const room = bytes.subarray(0, MAX_MESSAGE_BYTES - this.#kept);
    this.#frame.set(room, this.#kept);
    this.#kept += room.length;
  }

  #finish(frames: Uint8Array[]): void {
    if (this.#kept > 0) frames.push(this.#frame.slice(0, this.#kept));
    this.#kept = 0;
    this.#remaining = undefined;
    this.#state = 'start';
  }
}
