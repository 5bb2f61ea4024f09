import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyOverlays, type Overlay } from './overlay.js';

describe('H5: applyOverlays', () => {
  it('gives the same octets however the object is cut', () => {
    const overlay = fc.record({ offset: fc.nat(60), octets: fc.uint8Array({ maxLength: 20 }) });
    const cuts = fc.array(fc.nat(64), { maxLength: 12 });
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 64, maxLength: 64 }), overlay, cuts, (object, over, places) => {
        const whole = Uint8Array.from(object);
        applyOverlays(whole, 0, [over]);
        const edges = [...new Set([0, ...places, 64])].sort((left, right) => left - right);
        const parts = edges.slice(1).map((end, index) => {
          const start = edges[index] ?? 0;
          const chunk = Uint8Array.from(object.subarray(start, end));
          applyOverlays(chunk, start, [over]);
          return chunk;
        });
        return Buffer.concat(parts).equals(Buffer.from(whole));
      }),
    );
  });

  it('leaves what lies outside alone', () => {
    const overlays: readonly Overlay[] = [
      { offset: 0, octets: Uint8Array.of(9, 9) },
      { offset: 6, octets: Uint8Array.of(8, 8, 8) },
    ];
    const chunk = Uint8Array.of(1, 2, 3, 4, 5);
    applyOverlays(chunk, 2, overlays);
    expect([...chunk]).toEqual([1, 2, 3, 4, 8]);
  });
});
