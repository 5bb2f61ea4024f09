import { describe, expect, it } from 'vitest';
import { ChunkBuffers } from './chunk-buffers.js';

const MIB = 1_048_576;

describe('ChunkBuffers', () => {
  it('gives large buffers to few and small ones to many, so that memory is bounded', () => {
    const buffers = new ChunkBuffers();
    const taken = Array.from({ length: 1_000 }, () => buffers.take(100 * MIB));
    expect(taken[0]?.[0]).toHaveLength(MIB);
    expect(taken[99]?.[0]).toHaveLength(262_144);
    expect(taken.at(-1)?.[0]).toHaveLength(65_536);
    expect(buffers.lent).toBe(1_000);
    const first = taken.slice(0, 500).reduce((sum, [one, other]) => sum + one.length + other.length, 0);
    expect(first).toBeLessThan(250 * MIB);
  });

  it('lends the same buffers again, unless they may still be in use', () => {
    const buffers = new ChunkBuffers();
    const pair = buffers.take(MIB);
    buffers.giveBack(pair, true);
    expect(buffers.take(MIB) === pair).toBe(true);
    buffers.giveBack(pair, false);
    expect(buffers.take(MIB) === pair).toBe(false);
    expect(buffers.lent).toBe(1);
  });

  it('takes no more for a small object than it needs', () => {
    expect(new ChunkBuffers().take(10)[0]).toHaveLength(65_536);
    expect(new ChunkBuffers().take(300_000)[0]).toHaveLength(262_144);
  });
});
