import { MemoryStore } from '@rackwright/adapter-memory-store';
import { keyspace, type MachineLivenessRecord, type StoreEntry } from '@rackwright/contracts';
import { silentLogger, type Idc, type Sn } from '@rackwright/kernel';
import { ManualClock } from '@rackwright/testing';
import { describe, expect, it } from 'vitest';
import { MachineLiveness } from './machine-liveness.js';

const IDC = 'dc1' as Idc;
const keyOf = (sn: string): string => keyspace.liveness.key({ idc: IDC, sn });

class Bench implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly store = new MemoryStore({ clock: this.clock });
  readonly liveness = new MachineLiveness({ idc: IDC, store: this.store }, { clock: this.clock, logger: silentLogger });

  note(sn: string, taskId = 'task-00000001'): void {
    this.liveness.noteContact(sn as Sn, taskId);
  }

  pass(ms: number): Promise<void> {
    return this.clock.advanceSettling(ms);
  }

  entry(sn: string): Promise<StoreEntry | undefined> {
    return this.store.get(keyOf(sn));
  }

  async record(sn: string): Promise<MachineLivenessRecord | undefined> {
    const entry = await this.entry(sn);
    return entry === undefined ? undefined : (JSON.parse(entry.value) as MachineLivenessRecord);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.liveness[Symbol.asyncDispose]();
    await this.store[Symbol.asyncDispose]();
  }
}

describe('machine liveness', () => {
  it('writes the machines of one window together, on one lease', async () => {
    await using bench = new Bench();
    for (let number = 0; number < 200; number += 1) bench.note(`sn-${String(number)}`);
    await bench.pass(500);
    const leases = await Promise.all(
      Array.from({ length: 200 }, async (_, number) => (await bench.entry(`sn-${String(number)}`))?.leaseId),
    );
    expect(new Set(leases).size).toBe(1);
    expect(leases[0]).toBeDefined();
  });

  it('lasts while contacts come and vanishes 20 to 30 s after the last', async () => {
    await using bench = new Bench();
    for (let contact = 0; contact < 12; contact += 1) {
      bench.note('sn-1');
      await bench.pass(5_000);
      expect(await bench.entry('sn-1')).toBeDefined();
    }
    await bench.pass(14_500);
    expect(await bench.entry('sn-1')).toBeDefined();
    await bench.pass(11_000);
    expect(await bench.entry('sn-1')).toBeUndefined();
  });

  it('keeps the start of a streak, and begins a new one for another task or after a silence', async () => {
    await using bench = new Bench();
    bench.note('sn-1');
    await bench.pass(1_000);
    const first = await bench.record('sn-1');
    await bench.pass(12_000);
    bench.note('sn-1');
    await bench.pass(1_000);
    expect(await bench.record('sn-1')).toEqual(first);
    await bench.pass(10_000);
    bench.note('sn-1', 'task-00000002');
    await bench.pass(1_000);
    const second = await bench.record('sn-1');
    expect(second).toMatchObject({ task_id: 'task-00000002' });
    expect(second?.since).not.toBe(first?.since);
    await bench.pass(40_000);
    bench.note('sn-1', 'task-00000002');
    await bench.pass(1_000);
    expect((await bench.record('sn-1'))?.since).not.toBe(second?.since);
  });

  it('tries again with a new lease at the next contact when the store was away', async () => {
    await using bench = new Bench();
    bench.store.cut();
    bench.note('sn-1');
    await bench.pass(1_000);
    bench.store.heal();
    expect(await bench.entry('sn-1')).toBeUndefined();
    bench.note('sn-1');
    await bench.pass(1_000);
    expect(await bench.entry('sn-1')).toBeDefined();
  });
});
