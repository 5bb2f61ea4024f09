import type { Change } from '@rackwright/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RevisionBatches } from './revision-batches.js';

function changesOf(sizes: readonly number[]): readonly Change[] {
  return sizes.flatMap((size, index) =>
    Array.from({ length: size }, (_, key) => ({
      kind: 'delete' as const,
      key: `${index}/${key}`,
      modRevision: BigInt(index + 1),
    })),
  );
}

describe('RevisionBatches', () => {
  it('gives every revision whole, once and in order, wherever a reply is split', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(sizes, fc.array(fc.nat(100), { maxLength: 10 }), (transactions, cuts) => {
        const changes = changesOf(transactions);
        const bounds = [...new Set([...cuts.filter((cut) => cut < changes.length), changes.length])];
        bounds.sort((left, right) => left - right);
        const batches = new RevisionBatches();
        const told = bounds.flatMap((end, index) => {
          const part = changes.slice(bounds[index - 1] ?? 0, end);
          return batches.accept(part, index < bounds.length - 1);
        });
        expect(told.map((batch) => batch.revision)).toEqual(transactions.map((_, index) => BigInt(index + 1)));
        expect(told.map((batch) => batch.changes.length)).toEqual(transactions);
        expect(told.flatMap((batch) => batch.changes)).toEqual(changes);
      }),
    );
  });

  it('holds nothing back at the end of a reply', () => {
    const batches = new RevisionBatches();
    expect(batches.accept(changesOf([2]), false)).toHaveLength(1);
    expect(batches.accept([], false)).toEqual([]);
  });
});
