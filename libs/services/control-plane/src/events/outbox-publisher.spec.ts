import { MemoryBus } from '@rackwright/adapter-memory-bus';
import { MemoryStore } from '@rackwright/adapter-memory-store';
import {
  OUTBOX_PREFIX,
  outboxWrites,
  type EventEnvelope,
  type MessageBus,
  type Store,
  type Watch,
  type WatchObserver,
} from '@rackwright/contracts';
import { silentLogger, type Clock } from '@rackwright/kernel';
import { Metrics } from '@rackwright/platform';
import { ManualClock, RealClock, SeededRandom, waitFor } from '@rackwright/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StateView } from '../state-view/state-view.js';
import { inOrder, OutboxPublisher } from './outbox-publisher.js';

function event(id: string): EventEnvelope {
  return { id, type: 'task.progressed', idc: 'dc1', subject: 'task/a', at: '2026-01-01T00:00:00.000Z', data: {} };
}

class Bench implements AsyncDisposable {
  readonly clock: Clock;
  readonly random = new SeededRandom(1);
  readonly store: MemoryStore;
  readonly bus: MemoryBus;
  readonly view: StateView;

  constructor(clock: Clock = new RealClock()) {
    const ports = { clock, random: this.random, logger: silentLogger };
    this.clock = clock;
    this.store = new MemoryStore(ports);
    this.bus = new MemoryBus(ports);
    this.view = new StateView({ ...ports, store: this.store, metrics: new Metrics({ processMetrics: false }) });
  }

  publisher(bus: MessageBus = this.bus, store: Store = this.store): OutboxPublisher {
    const metrics = new Metrics({ processMetrics: false });
    return new OutboxPublisher({ ...this, bus, store, metrics, logger: silentLogger });
  }

  async write(...ids: readonly string[]): Promise<void> {
    await this.store.transact([], outboxWrites(ids.map(event)));
  }

  async drained(): Promise<void> {
    await waitFor(async () => (await this.store.list(OUTBOX_PREFIX)).entries.length === 0, { what: 'an empty outbox' });
  }

  async stream(): Promise<readonly string[]> {
    const { last } = await this.bus.eventRange();
    const ids: string[] = [];
    const following = this.bus.followEvents(0, (stored) => void ids.push(stored.event.id));
    await waitFor(() => ids.length >= last, { what: 'the whole stream' });
    await following[Symbol.asyncDispose]();
    return ids;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.view[Symbol.asyncDispose]();
    await this.bus[Symbol.asyncDispose]();
    await this.store[Symbol.asyncDispose]();
  }
}

/** A store whose watch delivers what the test tells it to. */
function scripted(store: Store): { readonly store: Store; readonly observer: () => WatchObserver } {
  let observer: WatchObserver | undefined;
  const watch = (_: string, given: WatchObserver): Watch => {
    observer = given;
    return { revision: 0n, synced: Promise.resolve(), [Symbol.asyncDispose]: () => Promise.resolve() };
  };
  const proxy = new Proxy(store, {
    get: (target, name) => {
      const member: unknown = name === 'watch' ? watch : Reflect.get(target, name, target);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
  return {
    store: proxy,
    observer: () => {
      if (observer === undefined) throw new Error('nobody watches');
      return observer;
    },
  };
}

/** The store as a process sees it that can no longer write. */
function unreachable(store: Store): Store {
  return new Proxy(store, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target);
      if (name === 'transact') return () => Promise.reject(new Error('killed'));
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}

describe('OutboxPublisher', () => {
  it('publishes in the order things happened, the tenth after the ninth', async () => {
    await using bench = new Bench();
    const ids = Array.from({ length: 12 }, (_, index) => `task-b-${String(index + 1)}`);
    await bench.write(...ids);
    await bench.write('task-a-1');
    const stop = new AbortController();
    const running = bench.publisher().run(stop.signal);
    await bench.drained();
    await bench.write('task-b-13');
    await bench.drained();
    expect(await bench.stream()).toEqual([...ids, 'task-a-1', 'task-b-13']);
    stop.abort();
    await running;
  });

  it('publishes nothing before it has seen the whole outbox, which comes in the order of keys', async () => {
    const clock = new ManualClock();
    await using bench = new Bench(clock);
    for (const number of [9, 10]) await bench.write(`task-a-${String(number)}`);
    const { entries } = await bench.store.list(OUTBOX_PREFIX);
    const pages = entries.map((entry) => [{ kind: 'put', entry } as const]);
    expect(entries.map(({ key }) => key.split('-').at(-1))).toEqual(['10', '9']);
    const { store, observer } = scripted(bench.store);
    const ports = { clock, logger: silentLogger, metrics: new Metrics({ processMetrics: false }) };
    await using view = new StateView({ ...ports, store });
    const stop = new AbortController();
    const running = new OutboxPublisher({ ...ports, store, view, bus: bench.bus, random: bench.random }).run(
      stop.signal,
    );
    for (const page of pages) {
      observer().onChanges(page, 2n);
      await clock.advanceSettling(1_000);
      expect((await bench.bus.eventRange()).last).toBe(0);
    }
    observer().onSynced?.(2n);
    await clock.advanceSettling(1_000);
    expect(await bench.stream()).toEqual(['task-a-9', 'task-a-10']);
    stop.abort();
    await running;
  });

  it('deletes together what was published one by one', async () => {
    const clock = new ManualClock();
    await using bench = new Bench(clock);
    let deletions = 0;
    const counting = new Proxy(bench.store, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (name === 'transact') deletions += 1;
        return typeof member === 'function' ? (member.bind(target) as unknown) : member;
      },
    });
    const stop = new AbortController();
    const running = bench.publisher(bench.bus, counting).run(stop.signal);
    for (let index = 1; index <= 4; index += 1) {
      await bench.write(`task-a-${String(index)}`);
      await clock.advanceSettling(20);
      expect((await bench.bus.eventRange()).last).toBe(index);
    }
    expect(deletions).toBe(0);
    await clock.advanceSettling(200);
    expect((await bench.store.list(OUTBOX_PREFIX)).entries).toEqual([]);
    expect(deletions).toBe(1);
    stop.abort();
    await running;
  });

  it('leaves nothing behind that it published when it is stopped', async () => {
    await using bench = new Bench();
    const stop = new AbortController();
    const running = bench.publisher().run(stop.signal);
    await bench.write('task-a-1', 'task-a-2');
    await waitFor(async () => (await bench.bus.eventRange()).last === 2, { what: 'the events are published' });
    stop.abort();
    await running;
    expect((await bench.store.list(OUTBOX_PREFIX)).entries).toEqual([]);
  });

  it('keeps events until the bus is back', async () => {
    await using bench = new Bench();
    bench.bus.cut();
    const stop = new AbortController();
    const running = bench.publisher().run(stop.signal);
    for (let index = 1; index <= 250; index += 1) await bench.write(`task-a-${String(index)}`);
    expect((await bench.store.list(OUTBOX_PREFIX)).entries).toHaveLength(250);
    bench.bus.heal();
    await bench.drained();
    expect(await bench.stream()).toEqual(Array.from({ length: 250 }, (_, index) => `task-a-${String(index + 1)}`));
    stop.abort();
    await running;
  });

  it('neither loses nor doubles when leaders die between publishing and deleting', async () => {
    await using bench = new Bench();
    const ids = Array.from({ length: 30 }, (_, index) => `task-a-${String(index + 1)}`);
    await bench.write(...ids);
    for (let survived = 1; survived < 30; survived += 4) {
      const stop = new AbortController();
      let left = survived;
      const dying = new Proxy(bench.bus, {
        get: (target, name) => {
          const member: unknown = Reflect.get(target, name, target);
          if (name !== 'publishEvents') return typeof member === 'function' ? (member.bind(target) as unknown) : member;
          return async (envelopes: readonly EventEnvelope[]) => {
            const reached = envelopes.slice(0, left);
            const stored = await target.publishEvents(reached);
            left -= reached.length;
            if (left > 0) return stored;
            stop.abort();
            throw new Error('died in the middle of a batch');
          };
        },
      });
      await bench.publisher(dying, unreachable(bench.store)).run(stop.signal);
    }
    const stop = new AbortController();
    const running = bench.publisher().run(stop.signal);
    await bench.drained();
    expect(await bench.stream()).toEqual(ids);
    stop.abort();
    await running;
  });

  it('orders by revision and number whatever the order of listing', () => {
    const stored = (revision: bigint, id: string) => ({ key: id, revision, value: event(id) as never });
    const ordered = [stored(3n, 't-2'), stored(3n, 't-10'), stored(4n, 't-1'), stored(12n, 'a-1')];
    fc.assert(
      fc.property(fc.shuffledSubarray(ordered, { minLength: 4 }), (shuffled) => {
        expect([...shuffled].sort(inOrder)).toEqual(ordered);
      }),
    );
  });
});
