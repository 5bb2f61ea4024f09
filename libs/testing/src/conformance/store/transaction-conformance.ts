import { MAX_TRANSACTION_OPS, type Write } from '@rackwright/contracts';
import { describe, expect, it } from 'vitest';
import { contents, mustGet, put, putMany, type MakeStore } from './store-harness.js';

const P = 'conformance/';
const CONTENDERS = 50;

/** Comparisons, atomicity, races and refusals. */
export function describeTransactions(makeStore: MakeStore): void {
  describe('transactions', () => {
    describeRaces(makeStore);
    describeCrowds(makeStore);
    describeAtomicity(makeStore);
    describeDeletion(makeStore);
    describeRefusals(makeStore);
  });
}

function describeRaces(makeStore: MakeStore): void {
  it('lets exactly one of 50 concurrent compare-and-sets win', async () => {
    await using harness = await makeStore();
    const modRevision = await put(harness.store, `${P}key`, 'start');
    const outcomes = await Promise.all(
      Array.from({ length: CONTENDERS }, async (_, index) => {
        const store = index % 2 === 0 ? harness.store : harness.other;
        const write: Write = { kind: 'put', key: `${P}key`, value: String(index) };
        return { index, ...(await store.transact([{ key: `${P}key`, modRevision }], [write])) };
      }),
    );
    const winners = outcomes.filter((outcome) => outcome.committed);
    expect(winners).toHaveLength(1);
    expect(await mustGet(harness.store, `${P}key`)).toMatchObject({
      value: String(winners[0]?.index),
      modRevision: winners[0]?.revision,
    });
  });

  it('lets exactly one of 50 concurrent creations win', async () => {
    await using harness = await makeStore();
    const outcomes = await Promise.all(
      Array.from({ length: CONTENDERS }, (_, index) =>
        harness.store.transact(
          [{ key: `${P}new`, exists: false }],
          [{ kind: 'put', key: `${P}new`, value: String(index) }],
        ),
      ),
    );
    expect(outcomes.filter((outcome) => outcome.committed)).toHaveLength(1);
  });
}

function describeCrowds(makeStore: MakeStore): void {
  it('commits each of 200 concurrent transactions that can be, and only those', async () => {
    await using harness = await makeStore();
    await put(harness.store, `${P}crowd/7`, 'taken');
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, (_, index) => {
        const key = `${P}crowd/${index}`;
        return harness.store.transact([{ key, exists: false }], [{ kind: 'put', key, value: String(index) }]);
      }),
    );
    expect(outcomes.map(({ committed }) => committed)).toEqual(outcomes.map((_, index) => index !== 7));
    const entries = new Map((await harness.other.list(`${P}crowd/`)).entries.map((entry) => [entry.key, entry]));
    expect(entries.size).toBe(200);
    for (const [index, outcome] of outcomes.entries()) {
      if (!outcome.committed) continue;
      expect(entries.get(`${P}crowd/${index}`)).toMatchObject({
        value: String(index),
        modRevision: outcome.revision,
      });
    }
  });
}

function describeAtomicity(makeStore: MakeStore): void {
  it('applies every write at one revision', async () => {
    await using harness = await makeStore();
    await put(harness.store, `${P}gone`, '1');
    const writes: Write[] = [
      { kind: 'put', key: `${P}a`, value: '1' },
      { kind: 'put', key: `${P}b`, value: '2' },
      { kind: 'delete', key: `${P}gone` },
    ];
    const { committed, revision } = await harness.store.transact([{ key: `${P}gone`, exists: true }], writes);
    expect(committed).toBe(true);
    const { entries } = await harness.other.list(P);
    expect(entries.map(({ key, modRevision }) => [key, modRevision])).toEqual([
      [`${P}a`, revision],
      [`${P}b`, revision],
    ]);
  });

  it('applies nothing when one comparison fails', async () => {
    await using harness = await makeStore();
    const revision = await put(harness.store, `${P}a`, 'old');
    const writes: Write[] = [
      { kind: 'put', key: `${P}a`, value: 'new' },
      { kind: 'put', key: `${P}b`, value: 'new' },
    ];
    const passing = { key: `${P}a`, modRevision: revision };
    const failing = [
      { key: `${P}a`, modRevision: revision - 1n },
      { key: `${P}b`, exists: true },
    ];
    for (const comparison of [...failing, { key: `${P}a`, exists: false }]) {
      const outcome = await harness.store.transact([passing, comparison], writes);
      expect(outcome).toEqual({ committed: false, revision });
    }
    expect(await contents(harness.store, P)).toEqual({ [`${P}a`]: 'old' });
  });

  it('takes as many operations as it promises', async () => {
    await using harness = await makeStore();
    const keys = Array.from({ length: MAX_TRANSACTION_OPS }, (_, index) => `${P}${index}`);
    const outcome = await harness.store.transact(
      keys.map((key) => ({ key, exists: false })),
      keys.map((key) => ({ kind: 'put', key, value: key })),
    );
    expect(outcome.committed).toBe(true);
    expect((await harness.store.list(P)).entries).toHaveLength(MAX_TRANSACTION_OPS);
  });
}

function describeDeletion(makeStore: MakeStore): void {
  it('gives a recreated key a new create revision, and fails what compares with the old', async () => {
    await using harness = await makeStore();
    const first = await put(harness.store, `${P}key`, 'first');
    await harness.store.transact([], [{ kind: 'delete', key: `${P}key` }]);
    expect(await harness.store.get(`${P}key`)).toBeUndefined();
    const second = await put(harness.store, `${P}key`, 'second');
    expect(await mustGet(harness.store, `${P}key`)).toMatchObject({ createRevision: second, modRevision: second });
    const stale = await harness.store.transact(
      [{ key: `${P}key`, modRevision: first }],
      [{ kind: 'delete', key: `${P}key` }],
    );
    expect(stale.committed).toBe(false);
  });

  it('takes no revision for deleting what is absent', async () => {
    await using harness = await makeStore();
    const revision = await put(harness.store, `${P}key`, '1');
    const outcome = await harness.store.transact([], [{ kind: 'delete', key: `${P}absent` }]);
    expect(outcome).toEqual({ committed: true, revision });
  });

  it('deletes a prefix and nothing beside it', async () => {
    await using harness = await makeStore();
    await putMany(harness.store, `${P}a/`, 20);
    await put(harness.store, `${P}a`, 'stays');
    await put(harness.store, `${P}a0`, 'stays');
    await harness.store.transact([], [{ kind: 'delete-prefix', prefix: `${P}a/` }]);
    expect(await contents(harness.store, P)).toEqual({ [`${P}a`]: 'stays', [`${P}a0`]: 'stays' });
  });
}

function describeRefusals(makeStore: MakeStore): void {
  it('refuses what no retry would help, and goes on serving', async () => {
    await using harness = await makeStore();
    const { store } = harness;
    const refused = { code: 'store-refused', retryable: false };
    const twice: Write = { kind: 'put', key: `${P}key`, value: '' };
    await expect(store.transact([], [twice, twice])).rejects.toMatchObject(refused);
    await expect(store.transact([], [{ ...twice, value: 'x'.repeat(1_700_000) }])).rejects.toMatchObject(refused);
    await expect(store.transact([], [{ ...twice, leaseId: '77' }])).rejects.toMatchObject({
      code: 'lease-not-found',
      retryable: false,
    });
    const tooMany = Array.from({ length: MAX_TRANSACTION_OPS + 1 }, (_, index) => `${P}${index}`);
    await expect(
      store.transact(
        [],
        tooMany.map((key) => ({ kind: 'delete', key })),
      ),
    ).rejects.toThrow(RangeError);
    await put(store, `${P}key`, 'still served');
    expect(await contents(harness.other, P)).toEqual({ [`${P}key`]: 'still served' });
  });
}
