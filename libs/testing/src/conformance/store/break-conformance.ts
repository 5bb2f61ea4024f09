import { describe, expect, it } from 'vitest';
import type { Store, Watch } from '@rackwright/contracts';
import { waitFor } from '../../wait-for.js';
import { contents, put, putMany, WatchRecorder, type MakeStore } from './store-harness.js';

const P = 'conformance/';
/** Well past the 1000 revisions etcd replays at once to a watch that is behind. */
const WRITES_DURING_CUT = 3_000;
const CATCH_UP_WITHIN_MS = 60_000;

/** What a watch makes of cuts and compactions: the final state is never lost. */
export function describeBreaks(makeStore: MakeStore): void {
  describe('a broken link', () => {
    describeCalls(makeStore);
    describeCuts(makeStore);
    describeSecondCuts(makeStore);
    describeCompaction(makeStore);
  });
}

async function untilSame(other: Store, watched: { readonly watch: Watch; readonly recorder: WatchRecorder }) {
  const last = await put(other, `${P}end`, 'x');
  await waitFor(() => watched.watch.revision >= last, { what: 'the last write', deadlineMs: CATCH_UP_WITHIN_MS });
  expect(Object.fromEntries(watched.recorder.state)).toEqual(await contents(other, P));
}

function describeCalls(makeStore: MakeStore): void {
  it('makes calls fail retryably, and lets them through once healed', async () => {
    await using harness = await makeStore();
    await put(harness.store, `${P}a`, '1');
    harness.cut();
    const unavailable = { name: 'OperationalError', code: 'store-unavailable', retryable: true };
    await expect(harness.store.get(`${P}a`)).rejects.toMatchObject(unavailable);
    await expect(put(harness.store, `${P}a`, '2')).rejects.toMatchObject(unavailable);
    await expect(harness.store.currentRevision()).rejects.toMatchObject(unavailable);
    harness.heal();
    await waitFor(() => harness.store.get(`${P}a`), { what: 'a read over the healed link' });
    await put(harness.store, `${P}a`, '3');
    expect(await contents(harness.other, P)).toEqual({ [`${P}a`]: '3' });
  });

  it('lets a watch start while the store is away', async () => {
    await using harness = await makeStore();
    await put(harness.other, `${P}a`, '1');
    harness.cut();
    const recorder = new WatchRecorder();
    const watch = harness.store.watch(P, recorder);
    await waitFor(() => recorder.disconnects === 1, { what: 'the failed attempt' });
    expect(recorder.syncs).toEqual([]);
    harness.heal();
    await watch.synced;
    expect(Object.fromEntries(recorder.state)).toEqual({ [`${P}a`]: '1' });
  });
}

function describeCuts(makeStore: MakeStore): void {
  it('loses and repeats nothing of thousands of writes made meanwhile', async () => {
    await using harness = await makeStore();
    const recorder = new WatchRecorder();
    const watch = harness.store.watch(P, recorder);
    await watch.synced;
    harness.cut();
    await putMany(harness.other, P, WRITES_DURING_CUT);
    await waitFor(() => recorder.disconnects === 1, { what: 'the broken link' });
    harness.heal();
    await untilSame(harness.other, { watch, recorder });
    const told = recorder.batches.flatMap((batch) => batch.changes);
    expect(told).toHaveLength(WRITES_DURING_CUT + 1);
    expect(recorder.syncs.length).toBeGreaterThan(1);
    expect(recorder.disconnects).toBe(1);
  });

  it('catches up on more than 4 MiB', async () => {
    await using harness = await makeStore();
    const recorder = new WatchRecorder();
    const watch = harness.store.watch(P, recorder);
    await watch.synced;
    harness.cut();
    for (let index = 0; index < 12; index += 1) await put(harness.other, `${P}${index}`, 'x'.repeat(600_000));
    harness.heal();
    await untilSame(harness.other, { watch, recorder });
  });

  it('tells of deletions made meanwhile', async () => {
    await using harness = await makeStore();
    await putMany(harness.other, P, 10);
    const recorder = new WatchRecorder();
    const watch = harness.store.watch(P, recorder);
    await watch.synced;
    harness.cut();
    await harness.other.transact([], [{ kind: 'delete-prefix', prefix: P }]);
    await put(harness.other, `${P}00003`, 'recreated');
    harness.heal();
    await untilSame(harness.other, { watch, recorder });
  });
}

function describeSecondCuts(makeStore: MakeStore): void {
  it('loses nothing when the link breaks again during the replay', async () => {
    await using harness = await makeStore();
    const recorder = new WatchRecorder();
    const watch = harness.store.watch(P, recorder);
    await watch.synced;
    harness.cut();
    await putMany(harness.other, P, WRITES_DURING_CUT);
    recorder.onBatch = () => {
      recorder.onBatch = () => undefined;
      harness.cut();
    };
    harness.heal();
    await waitFor(() => recorder.disconnects === 2, { what: 'the second break', deadlineMs: CATCH_UP_WITHIN_MS });
    await putMany(harness.other, `${P}later/`, 100);
    harness.heal();
    await untilSame(harness.other, { watch, recorder });
  });

  it('loses nothing when the link breaks again just after the watch was taken on', async () => {
    await using harness = await makeStore();
    const recorder = new WatchRecorder();
    const watch = harness.store.watch(P, recorder);
    await watch.synced;
    harness.cut();
    await putMany(harness.other, P, 10);
    recorder.onSync = () => {
      recorder.onSync = () => undefined;
      harness.cut();
    };
    harness.heal();
    await waitFor(() => recorder.disconnects === 2, { what: 'the second break', deadlineMs: CATCH_UP_WITHIN_MS });
    await putMany(harness.other, `${P}later/`, 100);
    harness.heal();
    await untilSame(harness.other, { watch, recorder });
  });
}

function describeCompaction(makeStore: MakeStore): void {
  it('tells the difference after a compaction meanwhile, deletions included', async () => {
    await using harness = await makeStore();
    await putMany(harness.other, P, 20);
    const recorder = new WatchRecorder();
    const watch = harness.store.watch(P, recorder);
    await watch.synced;
    harness.cut();
    await waitFor(() => recorder.disconnects === 1, { what: 'the broken link' });
    await harness.other.transact([], [{ kind: 'delete', key: `${P}00001` }]);
    await harness.other.transact([], [{ kind: 'delete', key: `${P}00002` }]);
    await put(harness.other, `${P}00002`, 'recreated');
    await putMany(harness.other, `${P}later/`, 50);
    await harness.compact();
    const before = recorder.batches.length;
    harness.heal();
    const difference = await waitFor(() => recorder.batches[before], { what: 'the difference' });
    // 50 new keys, one recreated, one gone: what did not change is not told again.
    expect(difference.changes).toHaveLength(52);
    await put(harness.other, `${P}after`, 'x');
    await untilSame(harness.other, { watch, recorder });
  });

  it('goes on through compactions of a link that holds', async () => {
    await using harness = await makeStore();
    const recorder = new WatchRecorder();
    const watch = harness.store.watch(P, recorder);
    await watch.synced;
    for (let round = 0; round < 5; round += 1) {
      await putMany(harness.other, `${P}${round}/`, 50);
      await harness.compact();
    }
    await untilSame(harness.other, { watch, recorder });
  });
}
