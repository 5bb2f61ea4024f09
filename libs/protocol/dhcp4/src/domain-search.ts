import { malformed, ok, type Decoded } from '@rackwright/kernel';
import { textOctets } from './field-octets.js';
import type { OptionCodec } from './option-codec.js';

const POINTER_BITS = 0xc0;
const MAX_LABEL_BYTES = 63;
/** A name of 255 octets has no more labels than this. */
const MAX_LABELS = 127;
/** A pointer has 14 bits. */
const MAX_POINTER = 0x3fff;
/** Pointers let two octets stand for a whole name; the bound keeps decoding linear in the datagram. */
const MAX_NAMES = 256;

/**
 * Option 119, a list of domain names without a trailing dot, compressed against each other: RFC 3397 section 2,
 * RFC 1035 section 4.1.4. Pointers may only point back, so decoding ends.
 */
export const domainSearchOption: OptionCodec<readonly string[]> = {
  decode: (value) => {
    if (value.length === 0) return malformed('option-length-invalid', 0);
    const names: string[] = [];
    let at = 0;
    while (at < value.length) {
      const read = readName(value, at);
      if (!read.ok) return read;
      if (names.length === MAX_NAMES) return malformed('domain-list-too-long', at);
      names.push(read.value.labels.join('.'));
      at = read.value.end;
    }
    return ok(names);
  },
  encode: encodeNames,
};

interface Name {
  readonly labels: readonly string[];
  /** Where the next name starts. */
  readonly end: number;
}

function readName(value: Uint8Array, start: number): Decoded<Name> {
  const labels: string[] = [];
  let end: number | undefined;
  let at = start;
  let lowest = start;
  for (let length = value[at]; length !== 0; length = value[at]) {
    if (length === undefined) return malformed('domain-name-truncated', at);
    if ((length & POINTER_BITS) === POINTER_BITS) {
      const low = value[at + 1] ?? Infinity;
      const target = (length & ~POINTER_BITS) * 256 + low;
      if (target >= lowest) return malformed('domain-name-pointer-invalid', at);
      end ??= at + 2;
      lowest = target;
      at = target;
      continue;
    }
    const label = readLabel(value, at);
    if (!label.ok) return label;
    labels.push(label.value);
    at += 1 + length;
    if (labels.length > MAX_LABELS) return malformed('domain-name-too-long', at);
  }
  return ok({ labels, end: end ?? at + 1 });
}

function readLabel(value: Uint8Array, at: number): Decoded<string> {
  const length = value[at] ?? 0;
  if (length > MAX_LABEL_BYTES) return malformed('domain-name-too-long', at);
  if (at + 1 + length > value.length) return malformed('domain-name-truncated', at);
  return ok(String.fromCharCode(...value.subarray(at + 1, at + 1 + length)));
}

function encodeNames(names: readonly string[]): Uint8Array {
  const octets: number[] = [];
  const seen = new Map<string, number>();
  for (const name of names) encodeName(octets, seen, name);
  return Uint8Array.from(octets);
}

function encodeName(octets: number[], seen: Map<string, number>, name: string): void {
  const labels = name.split('.').filter((label) => label !== '');
  for (const [index, label] of labels.entries()) {
    const suffix = labels.slice(index).join('.').toLowerCase();
    const pointer = seen.get(suffix);
    if (pointer !== undefined) {
      octets.push(POINTER_BITS | (pointer >>> 8), pointer & 255);
      return;
    }
    if (octets.length <= MAX_POINTER) seen.set(suffix, octets.length);
    octets.push(label.length, ...textOctets(label));
  }
  octets.push(0);
}
