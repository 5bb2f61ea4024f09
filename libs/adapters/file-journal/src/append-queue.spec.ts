import { describe, expect, it } from 'vitest';
import { AppendQueue } from './append-queue.js';

/** A queue whose writes end when they are told to, and the items of each. */
function slowQueue() {
  const writes: (readonly number[])[] = [];
  let end: () => void = () => undefined;
  const queue = new AppendQueue<number>((items) => {
    writes.push(items);
    return new Promise((resolve) => (end = resolve));
  });
  return { queue, writes, endWrite: () => end() };
}

describe('AppendQueue', () => {
  it('writes what one turn of the event loop appends at once', async () => {
    const { queue, writes, endWrite } = slowQueue();
    const pushed = [1, 2, 3].map((item) => queue.push(item));
    await Promise.resolve();
    endWrite();
    await Promise.all(pushed);
    expect(writes).toEqual([[1, 2, 3]]);
  });

  it('shares one write among all that arrive during another', async () => {
    const { queue, writes, endWrite } = slowQueue();
    const first = queue.push(0);
    await Promise.resolve();
    const during = Array.from({ length: 1_000 }, (_, index) => queue.push(index + 1));
    endWrite();
    await first;
    endWrite();
    await Promise.all(during);
    expect(writes.map((items) => items.length)).toEqual([1, 1_000]);
  });

  it('tells the failure of a write to those in it, and goes on', async () => {
    let isFull = true;
    const queue = new AppendQueue<string>(() => (isFull ? Promise.reject(new Error('no space')) : Promise.resolve()));
    const refused = await Promise.allSettled([queue.push('one'), queue.push('other')]);
    isFull = false;
    await queue.push('later');
    await queue.idle();
    expect(refused.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});
