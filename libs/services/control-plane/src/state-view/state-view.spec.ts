import { MemoryStore } from '@rackwright/adapter-memory-store';
import { keyspace, type Store, type Watch, type WatchObserver } from '@rackwright/contracts';
import { silentLogger } from '@rackwright/kernel';
import { Metrics } from '@rackwright/platform';
import { ManualClock, waitFor } from '@rackwright/testing';
import { describe, expect, it } from 'vitest';
import { StateView } from './state-view.js';

const SERVER = { sn: 'a', status: 'pending', added_at: '2026-01-01T00:00:00.000Z' };
const KEY = keyspace.server.key({ idc: 'dc1', sn: 'a' });

function viewOf(store: Store, clock: ManualClock) {
  const metrics = new Metrics({ processMetrics: false });
  return { view: new StateView({ store, clock, logger: silentLogger, metrics }), metrics };
}

function put(store: Store, key: string, value: object | string): Promise<unknown> {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return store.transact([], [{ kind: 'put', key, value: text }]);
}

/** A store whose watches deliver nothing but what `onWatch` is given the observer for. */
function withDeafWatch(store: MemoryStore, onWatch: (observer: WatchObserver) => void = () => undefined): Store {
  const watch: Watch = {
    revision: 0n,
    synced: new Promise(() => undefined),
    [Symbol.asyncDispose]: async () => undefined,
  };
  return new Proxy(store, {
    get(target, name) {
      if (name === 'watch') {
        return (_: string, observer: WatchObserver) => {
          onWatch(observer);
          return watch;
        };
      }
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}

describe('StateView', () => {
  it('includes what another client has written before the question', async () => {
    const clock = new ManualClock();
    await using store = new MemoryStore({ clock });
    const { view } = viewOf(store.connect(), clock);
    for (let index = 0; index < 50; index += 1) {
      await put(store, keyspace.server.key({ idc: 'dc1', sn: `s${String(index)}` }), SERVER);
      expect((await view.fresh()).servers.list('dc1')).toHaveLength(index + 1);
    }
    await view[Symbol.asyncDispose]();
  });

  it('lists the store when the view does not catch up in time', async () => {
    const clock = new ManualClock();
    await using store = new MemoryStore({ clock });
    const { view, metrics } = viewOf(withDeafWatch(store), clock);
    await put(store, KEY, SERVER);
    const reading = view.fresh('/os/dc1/');
    await clock.advanceSettling(1_000);
    expect((await reading).servers.get({ idc: 'dc1', sn: 'a' })?.value.sn).toBe('a');
    expect(view.live.servers.list()).toEqual([]);
    expect(await metrics.render()).toContain('rw_state_fallback_reads_total 1');
  });

  it('does not answer with a part of the first contents, which come page by page', async () => {
    const clock = new ManualClock();
    await using store = new MemoryStore({ clock });
    const observers: WatchObserver[] = [];
    const { view } = viewOf(
      withDeafWatch(store, (observer) => void observers.push(observer)),
      clock,
    );
    for (const sn of ['a', 'b']) await put(store, keyspace.server.key({ idc: 'dc1', sn }), { ...SERVER, sn });
    const { entries, revision } = await store.list('/os/');
    const reading = view.fresh();
    await clock.advanceSettling(0);
    for (const entry of entries.slice(0, 1)) observers[0]?.onChanges([{ kind: 'put', entry }], revision);
    expect(view.isWhole).toBe(false);
    await clock.advanceSettling(1_000);
    expect((await reading).servers.list('dc1')).toHaveLength(2);
  });

  it('rejects while the store is away', async () => {
    const clock = new ManualClock();
    await using store = new MemoryStore({ clock });
    const { view } = viewOf(store, clock);
    store.cut();
    await expect(view.fresh()).rejects.toMatchObject({ code: 'store-unavailable' });
    expect(view.syncedAtMs).toBeUndefined();
    store.heal();
    await clock.advanceSettling(10_000);
    await waitFor(() => view.syncedAtMs !== undefined, { what: 'the watch is back' });
  });

  it.each(['{', '[]', '{"sn":"a"}', '{"sn":"../a","status":"pending","added_at":"x"}'])(
    'keeps the last good value when %s takes its place, and counts it',
    async (bad) => {
      const clock = new ManualClock();
      await using store = new MemoryStore({ clock });
      const { view, metrics } = viewOf(store, clock);
      await put(store, KEY, SERVER);
      const good = (await view.fresh()).servers.get({ idc: 'dc1', sn: 'a' });
      await put(store, KEY, bad);
      const state = await view.fresh();
      expect(state.servers.get({ idc: 'dc1', sn: 'a' })).toEqual(good);
      expect(state.invalid().map(({ key }) => key)).toEqual([KEY]);
      expect(await metrics.render()).toContain('rw_state_invalid_records 1');
      await store.transact([], [{ kind: 'delete', key: KEY }]);
      const after = await view.fresh();
      expect([after.servers.list(), after.invalid()]).toEqual([[], []]);
    },
  );

  it('passes over keys it does not know', async () => {
    const clock = new ManualClock();
    await using store = new MemoryStore({ clock });
    const { view } = viewOf(store, clock);
    await put(store, '/os/dc1/future/thing', '{');
    const state = await view.fresh();
    expect([state.invalid(), state.idcs()]).toEqual([[], []]);
  });
});
