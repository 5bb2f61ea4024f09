import { describe } from 'vitest';
import { describeBreaks } from './store/break-conformance.js';
import { describeLeases } from './store/lease-conformance.js';
import { describeReads } from './store/read-conformance.js';
import type { MakeStore } from './store/store-harness.js';
import { describeTransactions } from './store/transaction-conformance.js';
import { describeWatches } from './store/watch-conformance.js';

/** What every `Store` must do: declares the tests for the store that `makeStore` makes. */
export function storeConformance(name: string, makeStore: MakeStore): void {
  describe(`${name} as a Store`, () => {
    describeReads(makeStore);
    describeTransactions(makeStore);
    describeWatches(makeStore);
    describeBreaks(makeStore);
    describeLeases(makeStore);
  });
}
