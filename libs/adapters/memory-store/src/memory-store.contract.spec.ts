import { ManualClock, storeConformance } from '@rackwright/testing';
import { MemoryStore } from './memory-store.js';

storeConformance('MemoryStore', () => {
  const clock = new ManualClock();
  const store = new MemoryStore({ clock });
  const other = store.connect();
  return Promise.resolve({
    store,
    other,
    cut: () => {
      store.cut();
    },
    heal: () => {
      store.heal();
    },
    compact: () => {
      other.compact();
      return Promise.resolve();
    },
    elapse: (ms: number) => clock.advanceSettling(ms),
    [Symbol.asyncDispose]: async () => {
      await store[Symbol.asyncDispose]();
      await other[Symbol.asyncDispose]();
    },
  });
});
