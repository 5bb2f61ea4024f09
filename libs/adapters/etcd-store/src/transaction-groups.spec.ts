import type { TransactionOutcome, Write } from '@rackwright/contracts';
import { OperationalError } from '@rackwright/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TransactionGroups, type Transaction } from './transaction-groups.js';

const put = (key: string, value = 'v'): Write => ({ kind: 'put', key, value });
const creation = (key: string): Transaction => ({ comparisons: [{ key, exists: false }], writes: [put(key)] });
const keysOf = ({ writes }: Transaction): readonly string[] =>
  writes.map((write) => (write.kind === 'delete-prefix' ? write.prefix : write.key));

/** A store that answers when told to; creations of keys it has already are not committed. */
class SlowStore {
  readonly requests: Transaction[] = [];
  readonly keys = new Set<string>();
  failWith: OperationalError | undefined;
  #revision = 0n;
  #open: (() => void)[] = [];
  readonly groups = new TransactionGroups((transaction) => this.#send(transaction));

  /** Answers everything that is on its way, until nothing is. */
  async answerAll(): Promise<void> {
    for (;;) {
      await new Promise(setImmediate);
      const open = this.#open.splice(0);
      if (open.length === 0) return;
      for (const answer of open) answer();
    }
  }

  async #send(transaction: Transaction): Promise<TransactionOutcome> {
    this.requests.push(transaction);
    await new Promise<void>((resolve) => this.#open.push(resolve));
    if (this.failWith !== undefined) throw this.failWith;
    const committed = transaction.comparisons.every(({ key }) => !this.keys.has(key));
    if (committed) for (const key of keysOf(transaction)) this.keys.add(key);
    if (committed) this.#revision += 1n;
    return { committed, revision: this.#revision };
  }
}

describe('group commit', () => {
  it('sends a lone transaction at once and alone', async () => {
    const store = new SlowStore();
    const outcome = store.groups.submit(creation('a'));
    expect(store.requests).toEqual([expect.objectContaining(creation('a'))]);
    await store.answerAll();
    expect(await outcome).toEqual({ committed: true, revision: 1n });
  });

  it('sends together what was asked for while another was on its way', async () => {
    const store = new SlowStore();
    const outcomes = ['a', 'b', 'c', 'd'].map((key) => store.groups.submit(creation(key)));
    await store.answerAll();
    expect(store.requests.map(keysOf)).toEqual([['a'], ['b', 'c', 'd']]);
    expect(await Promise.all(outcomes)).toEqual([1n, 2n, 2n, 2n].map((revision) => ({ committed: true, revision })));
  });

  it('lets nobody fail for a neighbour', async () => {
    const store = new SlowStore();
    store.keys.add('c');
    const outcomes = ['a', 'b', 'c', 'd'].map((key) => store.groups.submit(creation(key)));
    await store.answerAll();
    expect((await Promise.all(outcomes)).map(({ committed }) => committed)).toEqual([true, true, false, true]);
    expect(store.requests.map(keysOf)).toEqual([['a'], ['b', 'c', 'd'], ['b'], ['c'], ['d']]);
  });

  it('keeps apart transactions that touch what another writes', async () => {
    const store = new SlowStore();
    const outcomes = ['x', 'a', 'a', 'b'].map((key) => store.groups.submit(creation(key)));
    await store.answerAll();
    expect(store.requests.map(keysOf)).toEqual([['x'], ['a', 'b'], ['a']]);
    expect((await Promise.all(outcomes)).filter(({ committed }) => committed)).toHaveLength(3);
  });

  it('sends ranges and keys with a lease alone', async () => {
    const store = new SlowStore();
    const leased: Write = { kind: 'put', key: 'l', value: '', leaseId: '7' };
    void store.groups.submit(creation('a'));
    void store.groups.submit({ comparisons: [], writes: [leased] });
    void store.groups.submit({ comparisons: [], writes: [{ kind: 'delete-prefix', prefix: 'p/' }] });
    void store.groups.submit(creation('b'));
    await store.answerAll();
    expect(store.requests.map(keysOf)).toEqual([['a'], ['l'], ['p/'], ['b']]);
  });

  it('tells every member when the store is away, and repeats nothing: it may have happened', async () => {
    const store = new SlowStore();
    store.failWith = new OperationalError('away', { code: 'store-unavailable', retryable: true });
    const outcomes = ['a', 'b', 'c'].map((key) => store.groups.submit(creation(key)));
    const told = Promise.allSettled(outcomes);
    await store.answerAll();
    expect((await told).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(store.requests.map(keysOf)).toEqual([['a'], ['b', 'c']]);
  });

  it('tries the members of a refused group alone', async () => {
    const store = new SlowStore();
    store.failWith = new OperationalError('too large', { code: 'store-refused', retryable: false });
    const told = Promise.allSettled(['a', 'b', 'c'].map((key) => store.groups.submit(creation(key))));
    await store.answerAll();
    await told;
    expect(store.requests.map(keysOf)).toEqual([['a'], ['b', 'c'], ['b'], ['c']]);
  });

  it('stays within what etcd takes', async () => {
    const store = new SlowStore();
    const large: Transaction = { comparisons: [], writes: [put('large', 'x'.repeat(200_000))] };
    void store.groups.submit(creation('first'));
    for (let number = 0; number < 300; number += 1) void store.groups.submit(creation(String(number)));
    void store.groups.submit(large);
    void store.groups.submit({ comparisons: [], writes: [put('other', 'x'.repeat(200_000))] });
    await store.answerAll();
    for (const { comparisons, writes } of store.requests) {
      expect(comparisons.length).toBeLessThanOrEqual(128);
      expect(writes.length).toBeLessThanOrEqual(128);
    }
    const withLarge = store.requests.filter((request) => keysOf(request).includes('large'));
    expect(withLarge.flatMap(keysOf)).not.toContain('other');
    expect(store.keys.size).toBe(303);
  });

  it('gives every key to exactly one of those who create it, whatever the order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 20 }), async (keys) => {
        const store = new SlowStore();
        const outcomes = keys.map(async (key) => ({ key, ...(await store.groups.submit(creation(key))) }));
        await store.answerAll();
        const won = (await Promise.all(outcomes)).filter(({ committed }) => committed).map(({ key }) => key);
        expect(won.toSorted()).toEqual([...new Set(keys)].toSorted());
      }),
    );
  });
});
