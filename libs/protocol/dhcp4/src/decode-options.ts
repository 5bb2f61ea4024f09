import { ByteReader, malformed, ok, type Decoded } from '@rackwright/kernel';
import { joinOctets } from './field-octets.js';
import { OptionCode } from './option-code.js';

/**
 * Collects options over one or more fields. The parts of a repeated code are joined once, at the end, so that a
 * datagram full of one-octet parts costs no more than its size (RFC 3396 section 5).
 */
export class OptionCollector {
  readonly #single = new Map<number, Uint8Array>();
  #repeated: Map<number, Uint8Array[]> | undefined;

  /**
   * Reads one field: RFC 2132 section 2. A field that ends on an option boundary without an end option is accepted,
   * because clients that fill the field exactly exist and nothing in it is ambiguous; an option cut short is a fault.
   */
  read(bytes: Uint8Array, start: number, end: number): Decoded<true> {
    const reader = new ByteReader(bytes, start, end);
    while (reader.remaining > 0) {
      const at = reader.offset;
      const code = reader.u8();
      if (code === OptionCode.Pad) continue;
      if (code === OptionCode.End) break;
      const value = reader.bytes(reader.u8());
      if (reader.overrun) return malformed('option-truncated', at);
      this.#add(code, value);
    }
    return ok(true);
  }

  get(code: number): Uint8Array | undefined {
    return this.#repeated?.has(code) === true ? joinOctets(this.#repeated.get(code) ?? []) : this.#single.get(code);
  }

  /** The options; a transport detail (`OptionOverload`) is left out. */
  finish(): Map<number, Uint8Array> {
    for (const [code, parts] of this.#repeated ?? []) this.#single.set(code, joinOctets(parts));
    this.#single.delete(OptionCode.OptionOverload);
    return this.#single;
  }

  #add(code: number, value: Uint8Array): void {
    const first = this.#single.get(code);
    if (first === undefined) {
      this.#single.set(code, value);
      return;
    }
    this.#repeated ??= new Map<number, Uint8Array[]>();
    const parts = this.#repeated.get(code);
    if (parts === undefined) this.#repeated.set(code, [first, value]);
    else parts.push(value);
  }
}
