import 'reflect-metadata';
import { describe, expect, it } from 'vitest';
import { MemoryStore } from '@rackwright/adapter-memory-store';
import { encodeRecord, keyspace, type StoreEntry } from '@rackwright/contracts';
import { ManualClock } from '@rackwright/testing';
import { ProblemError } from '@rackwright/platform';
import { SiteState } from '../state-view/site-state.js';
import { viewFirst, type ReadKeys } from './view-first.js';
import { unchangedSince, writeChange } from './written-change.js';

const at = { idc: 'dc1', sn: 'sn-1' };
const key = keyspace.server.key(at);
const record = { sn: 'sn-1', status: 'registered', added_at: '2026-11-20T12:00:00.000Z' };
const inMaintenance = encodeRecord({ ...record, maintenance: true });

/** Adds a note to the server, which must not be in maintenance; tells what was seen of it each time. */
function noteOn(store: MemoryStore, live: SiteState, seen: (boolean | undefined)[]): Promise<unknown> {
  const plan = viewFirst({ store, view: { live, syncedAtMs: 0 } }, async (read: ReadKeys) => {
    const server = (await read([key])).get(keyspace.server, at);
    seen.push(server?.value.maintenance);
    if (server?.value.maintenance === true) throw new ProblemError('machine-in-maintenance', 'not now');
    const value = encodeRecord({ ...record, note: 'x' });
    return {
      comparisons: [unchangedSince(key, server)],
      writes: [{ kind: 'put', key, value }],
      outcome: undefined,
      witness: key,
    };
  });
  return writeChange(store, plan);
}

async function stored(value: string): Promise<{ store: MemoryStore; entry: StoreEntry }> {
  const store = new MemoryStore({ clock: new ManualClock() });
  await store.transact([], [{ kind: 'put', key, value }]);
  const entry = await store.get(key);
  if (entry === undefined) throw new Error('not stored');
  return { store, entry };
}

describe('viewFirst', () => {
  it('decides on the view alone while that is right', async () => {
    const { store, entry } = await stored(encodeRecord(record));
    const live = new SiteState();
    live.apply([{ kind: 'put', entry }]);
    const seen: (boolean | undefined)[] = [];
    await noteOn(store, live, seen);
    expect(seen).toEqual([undefined]);
    expect((await store.get(key))?.value).toContain('"note":"x"');
  });

  it('decides again on the store when the view was behind, and then refuses', async () => {
    const { store } = await stored(inMaintenance);
    const seen: (boolean | undefined)[] = [];
    await expect(noteOn(store, new SiteState(), seen)).rejects.toThrow('not now');
    expect(seen).toEqual([undefined, true]);
    expect((await store.get(key))?.value).toBe(inMaintenance);
  });

  it('refuses only what the store refuses too', async () => {
    const { store, entry } = await stored(inMaintenance);
    const live = new SiteState();
    live.apply([{ kind: 'put', entry }]);
    await store.transact([], [{ kind: 'put', key, value: encodeRecord(record) }]);
    const seen: (boolean | undefined)[] = [];
    await noteOn(store, live, seen);
    expect(seen).toEqual([true, undefined]);
  });
});
