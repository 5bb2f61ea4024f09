import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DeliveredKeys } from './delivered-keys.js';
import type { Change, StoreEntry } from './store.port.js';

const KEYS = ['a', 'b', 'c', 'd', 'e', 'f'];

function entryOf(key: string, modRevision: number): StoreEntry {
  return { key, value: `${key} at ${modRevision}`, createRevision: 1n, modRevision: BigInt(modRevision) };
}

function apply(state: Map<string, StoreEntry>, changes: readonly Change[]): void {
  for (const change of changes) {
    if (change.kind === 'put') state.set(change.entry.key, change.entry);
    else state.delete(change.key);
  }
}

const states = fc.dictionary(fc.constantFrom(...KEYS), fc.integer({ min: 1, max: 50 }));

describe('DeliveredKeys', () => {
  it('leads from any state to any other and tells nothing that did not change', () => {
    fc.assert(
      fc.property(fc.array(states, { minLength: 1, maxLength: 5 }), (listings) => {
        const delivered = new DeliveredKeys();
        const state = new Map<string, StoreEntry>();
        for (const listing of listings) {
          const entries = Object.entries(listing).map(([key, revision]) => entryOf(key, revision));
          const unchanged = entries.filter((entry) => state.get(entry.key)?.modRevision === entry.modRevision);
          const changes = delivered.difference({ entries, revision: 100n });
          delivered.record(changes);
          const told = changes.map((change) => (change.kind === 'put' ? change.entry.key : change.key));
          expect(told.filter((key) => unchanged.some((entry) => entry.key === key))).toEqual([]);
          apply(state, changes);
          expect([...state.values()].sort((left, right) => left.key.localeCompare(right.key))).toEqual(
            entries.sort((left, right) => left.key.localeCompare(right.key)),
          );
        }
      }),
    );
  });

  it('tells puts in revision order, then what vanished at the revision of the listing', () => {
    const delivered = new DeliveredKeys();
    delivered.record([{ kind: 'put', entry: entryOf('gone', 3) }]);
    const changes = delivered.difference({ entries: [entryOf('a', 9), entryOf('b', 5)], revision: 10n });
    expect(changes).toEqual([
      { kind: 'put', entry: entryOf('b', 5) },
      { kind: 'put', entry: entryOf('a', 9) },
      { kind: 'delete', key: 'gone', modRevision: 10n },
    ]);
  });

  it('tells everything anew once distrusted', () => {
    const delivered = new DeliveredKeys();
    delivered.record([{ kind: 'put', entry: entryOf('a', 3) }]);
    delivered.distrust();
    expect(delivered.difference({ entries: [entryOf('a', 3)], revision: 5n })).toHaveLength(1);
  });
});
