import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader } from './index.js';

describe('ByteReader', () => {
  it('reads big-endian numbers and views', () => {
    const reader = new ByteReader(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
    expect([reader.u8(), reader.u16(), reader.u32()]).toEqual([1, 0x0203, 0x04050607]);
    expect(reader.bytes(1)).toEqual(Uint8Array.of(8));
    expect(reader.remaining).toBe(0);
    expect(reader.overrun).toBe(false);
  });

  it('never reads past the end and never throws, whatever is asked', () => {
    const step = fc.oneof(fc.constantFrom('u8', 'u16', 'u32'), fc.nat({ max: 300 }));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.array(step, { maxLength: 40 }), (bytes, steps) => {
        const reader = new ByteReader(bytes);
        for (const what of steps) {
          if (typeof what === 'number') expect(reader.bytes(what).length).toBeLessThanOrEqual(bytes.length);
          else expect(reader[what as 'u8']()).toBeGreaterThanOrEqual(0);
          expect(reader.offset).toBeLessThanOrEqual(bytes.length);
          if (reader.overrun) expect(reader.remaining).toBe(0);
        }
      }),
    );
  });
});
