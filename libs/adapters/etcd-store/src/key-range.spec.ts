import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { prefixRange, type KeyRange } from './key-range.js';

function contains(range: KeyRange, key: string): boolean {
  const octets = Buffer.from(key);
  const isOpen = range.range_end.equals(Buffer.from([0]));
  return Buffer.compare(octets, range.key) >= 0 && (isOpen || Buffer.compare(octets, range.range_end) < 0);
}

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 });

describe('prefixRange', () => {
  it('holds exactly the keys that begin with the prefix', () => {
    fc.assert(
      fc.property(text, text, (prefix, other) => {
        expect(contains(prefixRange(prefix), prefix + other)).toBe(true);
        const begins = Buffer.from(other).subarray(0, Buffer.from(prefix).length).equals(Buffer.from(prefix));
        expect(contains(prefixRange(prefix), other)).toBe(begins);
      }),
    );
  });

  it('begins just after a given key', () => {
    fc.assert(
      fc.property(text, text, (prefix, rest) => {
        const after = prefix + rest;
        expect(contains(prefixRange(prefix, after), after)).toBe(false);
        expect(contains(prefixRange(prefix, after), `${after}\u0000`)).toBe(true);
        expect(contains(prefixRange(prefix, ' '), '!')).toBe('!'.startsWith(prefix));
      }),
    );
  });

  it('holds every key for the empty prefix', () => {
    expect(prefixRange('')).toEqual({ key: Buffer.from([0]), range_end: Buffer.from([0]) });
  });
});
