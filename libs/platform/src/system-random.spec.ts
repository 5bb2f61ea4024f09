import { describe, expect, it } from 'vitest';
import { systemRandom } from './system-random.js';

describe('systemRandom', () => {
  it('gives as many octets as asked for, however many', () => {
    for (const length of [0, 1, 32, 4_095, 4_096, 4_097, 100_000]) {
      expect(systemRandom.bytes(length)).toHaveLength(length);
    }
  });

  it('gives no octets twice', () => {
    const seen = Array.from({ length: 2_000 }, () => Buffer.from(systemRandom.bytes(16)).toString('hex'));
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).not.toContain('0'.repeat(32));
  });

  it('leaves what it gave out alone', () => {
    const first = systemRandom.bytes(16);
    const copy = Uint8Array.from(first);
    for (let i = 0; i < 1_000; i += 1) systemRandom.bytes(16);
    expect(first).toEqual(copy);
  });
});
