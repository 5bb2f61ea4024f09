import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MagicScanner } from './magic-scanner.js';

const MAGIC = 'abcabcabd';

function scan(octets: Buffer, cuts: readonly number[]): MagicScanner {
  const scanner = new MagicScanner(MAGIC);
  const edges = [...new Set([0, ...cuts.map((cut) => Math.min(cut, octets.length)), octets.length])].sort(
    (a, b) => a - b,
  );
  for (const [index, edge] of edges.entries()) scanner.push(octets.subarray(edge, edges[index + 1] ?? edge));
  return scanner;
}

describe('MagicScanner', () => {
  it('H5: finds the same places however the octets are cut', () => {
    const pieces = fc.array(fc.constantFrom(MAGIC, 'abc', 'a', 'ab', MAGIC.slice(0, -1), '\0\0\0'), { maxLength: 12 });
    fc.assert(
      fc.property(pieces, fc.array(fc.nat(120), { maxLength: 30 }), (texts, cuts) => {
        const octets = Buffer.from(texts.join(''), 'latin1');
        expect(scan(octets, cuts).offsets).toEqual(scan(octets, []).offsets);
        const places = [...octets.toString('latin1').matchAll(new RegExp(MAGIC, 'g'))].map(({ index }) => index);
        expect(scan(octets, cuts).offsets).toEqual(places);
      }),
    );
  });

  it('says up to where it has decided, and goes on from there', () => {
    const octets = Buffer.from(`xx${MAGIC}yy${MAGIC}z`, 'latin1');
    for (let cut = 0; cut <= octets.length; cut += 1) {
      const first = new MagicScanner(MAGIC);
      first.push(octets.subarray(0, cut));
      expect(first.decidedTo).toBeLessThanOrEqual(cut);
      const second = new MagicScanner(MAGIC, first);
      second.push(octets.subarray(first.decidedTo));
      expect(second.offsets).toEqual([2, 2 + MAGIC.length + 2]);
    }
  });
});
