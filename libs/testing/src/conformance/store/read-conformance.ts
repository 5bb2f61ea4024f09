import { MAX_TRANSACTION_OPS, type Store, type Write } from '@rackwright/contracts';
import { describe, expect, it } from 'vitest';
import { mustGet, put, putMany, type MakeStore } from './store-harness.js';

const P = 'conformance/';

/** Reads of one key, of many, and of a prefix. */
export function describeReads(makeStore: MakeStore): void {
  describe('single keys', () => {
    describeSingleKeys(makeStore);
  });
  describe('listings', () => {
    describeListings(makeStore);
    describePaging(makeStore);
  });
}

function describeSingleKeys(makeStore: MakeStore): void {
  it('knows an absent key from an empty one', async () => {
    await using harness = await makeStore();
    expect(await harness.store.get(`${P}absent`)).toBeUndefined();
    await put(harness.store, `${P}empty`, '');
    expect(await harness.store.get(`${P}empty`)).toMatchObject({ value: '' });
  });

  it('counts revisions from the write that created the key and the last one', async () => {
    await using harness = await makeStore();
    const created = await put(harness.store, `${P}key`, 'one');
    const modified = await put(harness.store, `${P}key`, 'two');
    expect(modified).toBeGreaterThan(created);
    expect(await harness.store.get(`${P}key`)).toEqual({
      key: `${P}key`,
      value: 'two',
      createRevision: created,
      modRevision: modified,
    });
    expect(await harness.other.currentRevision()).toBe(modified);
  });

  it('keeps every character and a value of 1.4 MB', async () => {
    await using harness = await makeStore();
    const key = `${P}ключ/€/𝄞`;
    const value = `"\\\u0000\n€𝄞${'x'.repeat(1_400_000)}`;
    await put(harness.store, key, value);
    expect(await mustGet(harness.other, key)).toMatchObject({ key, value });
  });

  it('reads many keys at one revision and leaves absent ones out', async () => {
    await using harness = await makeStore();
    await put(harness.store, `${P}a`, '1');
    const revision = await put(harness.store, `${P}b`, '2');
    const many = await harness.store.getMany([`${P}a`, `${P}absent`, `${P}b`]);
    expect(many.revision).toBe(revision);
    expect(many.entries.map((entry) => entry.value)).toEqual(['1', '2']);
    const tooMany = Array.from({ length: MAX_TRANSACTION_OPS + 1 }, (_, index) => `${P}${index}`);
    await expect(harness.store.getMany(tooMany)).rejects.toThrow(RangeError);
  });
}

function describeListings(makeStore: MakeStore): void {
  it('holds the keys of the prefix, in the order of their octets, and no other', async () => {
    await using harness = await makeStore();
    const inside = [`${P}a/`, `${P}a/1`, `${P}a/10`, `${P}a/2`, `${P}a/\ufb01`, `${P}a/𝄞`];
    for (const key of [...inside, `${P}a`, `${P}a0`, `${P}b/1`, 'conformance-not']) await put(harness.store, key, key);
    const listing = await harness.store.list(`${P}a/`);
    expect(listing.entries.map((entry) => entry.key)).toEqual(inside);
    expect(listing.more).toBe(false);
    await harness.store.transact([], [{ kind: 'delete', key: 'conformance-not' }]);
  });

  it('is empty for a prefix without keys', async () => {
    await using harness = await makeStore();
    const revision = await put(harness.store, `${P}a`, '1');
    expect(await harness.store.list(`${P}none/`)).toEqual({ entries: [], revision, more: false });
  });

  it('leaves values out on demand', async () => {
    await using harness = await makeStore();
    await put(harness.store, `${P}k`, 'value');
    const { entries } = await harness.store.list(P, { keysOnly: true });
    expect(entries).toMatchObject([{ key: `${P}k`, value: '' }]);
  });

  it('may exceed 4 MiB', async () => {
    await using harness = await makeStore();
    const value = 'x'.repeat(500_000);
    for (let index = 0; index < 12; index += 1) await put(harness.store, `${P}${String(index)}`, value);
    const { entries } = await harness.store.list(P);
    expect(entries.reduce((sum, entry) => sum + entry.value.length, 0)).toBe(6_000_000);
  });
}

function describePaging(makeStore: MakeStore): void {
  it('goes on after a key, and says whether there is more', async () => {
    await using harness = await makeStore();
    await putMany(harness.store, P, 7);
    const first = await harness.store.list(P, { limit: 3 });
    const second = await harness.store.list(P, { limit: 3, after: `${P}00002` });
    const third = await harness.store.list(P, { limit: 3, after: `${P}00005` });
    expect([first, second, third].map((page) => page.entries.map((entry) => entry.key.slice(P.length)))).toEqual([
      ['00000', '00001', '00002'],
      ['00003', '00004', '00005'],
      ['00006'],
    ]);
    expect([first.more, second.more, third.more]).toEqual([true, true, false]);
    expect((await harness.store.list(P, { limit: 7 })).more).toBe(false);
    expect((await harness.store.list(P, { after: 'conformance0' })).entries).toEqual([]);
    await expect(harness.store.list(P, { limit: 0 })).rejects.toThrow(RangeError);
  });

  it('reads thousands of keys at one revision while they change', async () => {
    await using harness = await makeStore();
    await putMany(harness.other, P, 1_600);
    const stop = new AbortController();
    await harness.other.transact([], bothEnds('start'));
    const writing = writeBothEnds(harness.other, stop.signal);
    for (let round = 0; round < 5; round += 1) {
      const { entries } = await harness.store.list(P);
      expect(entries.length).toBe(1_602);
      expect(entries.at(0)?.value).toBe(entries.at(-1)?.value);
    }
    stop.abort();
    await writing;
  });
}

/** Gives the first and the last key the same new value, over and over. */
async function writeBothEnds(store: Store, signal: AbortSignal): Promise<void> {
  for (let round = 0; !signal.aborted; round += 1) {
    await store.transact([], bothEnds(String(round)));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function bothEnds(value: string): readonly Write[] {
  return [
    { kind: 'put', key: `${P}!`, value },
    { kind: 'put', key: `${P}~`, value },
  ];
}
