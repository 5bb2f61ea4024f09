import { describe, expect, it } from 'vitest';
import { GroupCommit } from './group-commit.js';

/** Writes that end when the test says so. */
class Disk {
  readonly written: (readonly number[])[] = [];
  readonly #ends: { resolve: () => void; reject: (error: Error) => void }[] = [];

  readonly write = (items: readonly number[]): Promise<void> => {
    this.written.push([...items]);
    return new Promise((resolve, reject) => this.#ends.push({ resolve, reject }));
  };

  end(failure?: Error): void {
    const next = this.#ends.shift();
    if (failure === undefined) next?.resolve();
    else next?.reject(failure);
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('GroupCommit', () => {
  it('writes what one turn brings together, and what comes during a write in the next', async () => {
    const disk = new Disk();
    const commit = new GroupCommit(disk.write);
    const first = [commit.add([1]), commit.add([2, 3])];
    await turn();
    const second = [commit.add([4]), commit.add([5])];
    await turn();
    expect(disk.written).toEqual([[1, 2, 3]]);
    disk.end();
    await Promise.all(first);
    await turn();
    expect(disk.written).toEqual([
      [1, 2, 3],
      [4, 5],
    ]);
    disk.end();
    await Promise.all(second);
    await commit.idle();
  });

  it('tells a failure to those of that write and goes on with the next', async () => {
    const disk = new Disk();
    const commit = new GroupCommit(disk.write);
    const told = Promise.allSettled([commit.add([1]), commit.add([2])]);
    await turn();
    const next = commit.add([3]);
    disk.end(new Error('full'));
    expect((await told).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await turn();
    disk.end();
    await expect(next).resolves.toBeUndefined();
  });

  it('keeps a write bounded, and the items given together in one', async () => {
    const disk = new Disk();
    const commit = new GroupCommit(disk.write);
    const numbers = (count: number) => Array.from({ length: count }, (_, number) => number);
    const all = Promise.all([commit.add(numbers(1_500)), commit.add(numbers(1_000)), commit.add(numbers(5_000))]);
    for (let write = 0; write < 3; write += 1) {
      await turn();
      disk.end();
    }
    await all;
    expect(disk.written.map(({ length }) => length)).toEqual([1_500, 1_000, 5_000]);
  });
});
