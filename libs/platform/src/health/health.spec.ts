import { describe, expect, it } from 'vitest';
import type { Clock, EpochMs } from '@rackwright/kernel';
import { Health } from './health.js';

/** Time that passes only when told to. */
function manualClock() {
  let nowMs = 0;
  const pending: { atMs: number; task: () => void }[] = [];
  const clock: Clock = {
    now: () => nowMs as EpochMs,
    monotonicMs: () => nowMs,
    schedule(delayMs, task) {
      const entry = { atMs: nowMs + delayMs, task };
      pending.push(entry);
      return () => void pending.splice(pending.indexOf(entry), 1);
    },
  };
  const advance = (ms: number): void => {
    nowMs += ms;
    for (const { atMs, task } of [...pending]) if (atMs <= nowMs) task();
  };
  return { clock, advance, pending };
}

describe('Health', () => {
  it('names the dependency that does not answer in time, and why another failed', async () => {
    const { clock, advance } = manualClock();
    const health = new Health(
      [
        { name: 'etcd', check: () => new Promise(() => undefined), timeoutMs: 500 },
        { name: 'nats', check: () => Promise.reject(new Error('refused')) },
        { name: 'disk', check: () => Promise.resolve() },
        {
          name: 'broken',
          check: () => {
            throw new Error('at once');
          },
        },
      ],
      clock,
    );
    const results = health.results();
    advance(500);
    expect(await results).toEqual([
      { name: 'etcd', ok: false, duration_ms: 500, detail: 'no answer within 500 ms' },
      expect.objectContaining({ name: 'nats', ok: false, detail: 'refused' }),
      expect.objectContaining({ name: 'disk', ok: true }),
      expect.objectContaining({ name: 'broken', ok: false, detail: 'at once' }),
    ]);
  });

  it('asks once for questions asked together, again for later ones, and leaves no timer', async () => {
    const { clock, pending } = manualClock();
    let asked = 0;
    const check = (): Promise<void> => {
      asked += 1;
      return Promise.resolve();
    };
    const health = new Health([{ name: 'etcd', check }], clock);
    await Promise.all([health.results(), health.results()]);
    expect(asked).toBe(1);
    await health.results();
    expect(asked).toBe(2);
    expect(pending).toHaveLength(0);
  });

  it('is not ready while draining', async () => {
    const health = new Health([], manualClock().clock);
    expect(await health.results()).toEqual([]);
    health.startDraining();
    expect(await health.results()).toEqual([expect.objectContaining({ ok: false, detail: 'is shutting down' })]);
  });
});
