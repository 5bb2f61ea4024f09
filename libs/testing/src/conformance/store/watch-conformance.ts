import type { Write } from '@rackwright/contracts';
import { describe, expect, it } from 'vitest';
import { waitFor } from '../../wait-for.js';
import { put, putMany, WatchRecorder, type MakeStore } from './store-harness.js';

const P = 'conformance/';

/** What a watch tells over a link that holds. */
export function describeWatches(makeStore: MakeStore): void {
  describe('watches', () => {
    describeDelivery(makeStore);
    describeBatches(makeStore);
    describeDisposal(makeStore);
  });
}

function describeDelivery(makeStore: MakeStore): void {
  it('tells the contents, then that they are complete, then changes', async () => {
    await using harness = await makeStore();
    await put(harness.other, `${P}a`, '1');
    const listed = await put(harness.other, `${P}b`, '2');
    const recorder = new WatchRecorder();
    let stateWhenSynced: unknown;
    recorder.onSync = () => {
      stateWhenSynced ??= Object.fromEntries(recorder.state);
    };
    const watch = harness.store.watch(P, recorder);
    await watch.synced;
    expect(stateWhenSynced).toEqual({ [`${P}a`]: '1', [`${P}b`]: '2' });
    expect(watch.revision).toBe(listed);
    const changed = await put(harness.other, `${P}a`, '3');
    const deleted = (await harness.other.transact([], [{ kind: 'delete', key: `${P}b` }])).revision;
    await waitFor(() => watch.revision >= deleted, { what: 'the deletion' });
    expect(recorder.batches.slice(-2)).toMatchObject([
      { revision: changed, changes: [{ kind: 'put', entry: { key: `${P}a`, value: '3', modRevision: changed } }] },
      { revision: deleted, changes: [{ kind: 'delete', key: `${P}b`, modRevision: deleted }] },
    ]);
    expect(recorder.disconnects).toBe(0);
  });

  it('says of an empty prefix that it is complete, and tells no changes', async () => {
    await using harness = await makeStore();
    const recorder = new WatchRecorder();
    await harness.store.watch(`${P}none/`, recorder).synced;
    expect(recorder.batches).toEqual([]);
    expect(recorder.syncs).toHaveLength(1);
  });

  it('tells nothing of other prefixes', async () => {
    await using harness = await makeStore();
    const recorder = new WatchRecorder();
    await harness.store.watch(`${P}a/`, recorder).synced;
    for (const key of [`${P}a`, `${P}a0`, `${P}b/1`]) await put(harness.other, key, 'x');
    await put(harness.other, `${P}a/last`, 'x');
    await waitFor(() => recorder.state.size > 0, { what: 'the change inside' });
    expect([...recorder.state.keys()]).toEqual([`${P}a/last`]);
  });

  it('misses nothing between the listing and the changes', async () => {
    await using harness = await makeStore();
    const recorder = new WatchRecorder();
    const writing = putMany(harness.other, P, 1_000);
    const watch = harness.store.watch(P, recorder);
    await writing;
    const last = await put(harness.other, `${P}last`, 'x');
    await waitFor(() => watch.revision >= last, { what: 'the last write' });
    expect(recorder.state.size).toBe(1_001);
  });
}

function describeBatches(makeStore: MakeStore): void {
  it('tells the changes of a transaction in one call, in revision order', async () => {
    await using harness = await makeStore();
    const recorder = new WatchRecorder();
    const watch = harness.store.watch(P, recorder);
    await watch.synced;
    let last = 0n;
    for (let round = 0; round < 20; round += 1) {
      const value = `${round} ${'x'.repeat(20_000)}`;
      const writes = Array.from({ length: 40 }, (_, index): Write => ({ kind: 'put', key: `${P}${index}`, value }));
      last = (await harness.other.transact([], writes)).revision;
    }
    await waitFor(() => watch.revision >= last, { what: 'the last transaction' });
    expect(recorder.batches.map((batch) => batch.changes.length)).toEqual(Array.from({ length: 20 }, () => 40));
    const revisions = recorder.batches.map((batch) => batch.revision);
    expect(revisions).toEqual([...new Set(revisions)].sort((left, right) => Number(left - right)));
  });
}

function describeDisposal(makeStore: MakeStore): void {
  it('calls nobody after disposal', async () => {
    await using harness = await makeStore();
    const disposed = new WatchRecorder();
    const kept = new WatchRecorder();
    const watch = harness.store.watch(P, disposed);
    await watch.synced;
    await harness.store.watch(P, kept).synced;
    await watch[Symbol.asyncDispose]();
    await put(harness.other, `${P}a`, '1');
    await waitFor(() => kept.state.size === 1, { what: 'the change at the other watch' });
    harness.cut();
    await waitFor(() => kept.disconnects > 0, { what: 'the broken link at the other watch' });
    expect(disposed.batches).toEqual([]);
    expect(disposed.disconnects).toBe(0);
  });

  it('rejects every call and ends every watch once the store is disposed', async () => {
    await using harness = await makeStore();
    const { store } = harness;
    const recorder = new WatchRecorder();
    await store.watch(P, recorder).synced;
    await store[Symbol.asyncDispose]();
    await put(harness.other, `${P}a`, '1');
    const closed = { code: 'store-closed', retryable: false };
    await expect(store.get(`${P}a`)).rejects.toMatchObject(closed);
    await expect(store.getMany([`${P}a`])).rejects.toMatchObject(closed);
    await expect(store.list(P)).rejects.toMatchObject(closed);
    await expect(put(store, `${P}a`, '2')).rejects.toMatchObject(closed);
    await expect(store.holdLease(5)).rejects.toMatchObject(closed);
    await expect(store.grantLease(5)).rejects.toMatchObject(closed);
    await expect(store.currentRevision()).rejects.toMatchObject(closed);
    expect(() => store.watch(P, recorder)).toThrow(expect.objectContaining(closed));
    expect(recorder.batches).toEqual([]);
  });
}
