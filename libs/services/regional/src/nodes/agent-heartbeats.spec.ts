import 'reflect-metadata';
import { MemoryBus } from '@rackwright/adapter-memory-bus';
import { MemoryStore } from '@rackwright/adapter-memory-store';
import { encodeRecord, idcPrefix, keyspace, type Store } from '@rackwright/contracts';
import { parseIdc, silentLogger } from '@rackwright/kernel';
import { Metrics } from '@rackwright/platform';
import { ManualClock, SeededRandom, waitFor } from '@rackwright/testing';
import { expect, it } from 'vitest';
import { RegionState } from '../region-view/region-state.js';
import { AgentHeartbeats } from './agent-heartbeats.js';
import { NodeDesk } from './node-desk.js';

const NODES = 100;

/** A store that remembers how many reads it was asked for at once. */
function counting(store: Store): { store: Store; most: () => number } {
  let now = 0;
  let most = 0;
  const proxy = new Proxy(store, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      if (name !== 'get') return member.bind(target) as unknown;
      return async (key: string) => {
        now += 1;
        most = Math.max(most, now);
        const found = await target.get(key);
        now -= 1;
        return found;
      };
    },
  });
  return { store: proxy, most: () => most };
}

it('marks every node that fell silent offline, a few at a time', async () => {
  const idc = parseIdc('dc1');
  if (idc === undefined) throw new Error('dc1 is a data centre');
  const clock = new ManualClock();
  const parts = { idc, clock, random: new SeededRandom(1), logger: silentLogger };
  await using memory = new MemoryStore(parts);
  await using bus = new MemoryBus(parts);
  const { store, most } = counting(memory);
  const state = new RegionState(idc, silentLogger);
  const at = '2020-01-01T00:00:00.000Z';
  for (let number = 0; number < NODES; number += 1) {
    const mac = `02000000${number.toString(16).padStart(4, '0')}`;
    const node = { mac, idc, status: 'online', dns: [], created_at: at, updated_at: at, last_heartbeat: at };
    await memory.transact([], [{ kind: 'put', key: keyspace.node.key({ idc, mac }), value: encodeRecord(node) }]);
  }
  const { entries } = await memory.list(idcPrefix(idc));
  state.apply(entries.map((entry) => ({ kind: 'put', entry })));
  const desk = new NodeDesk({ ...parts, store, state });
  const metrics = new Metrics({ processMetrics: false });
  const heartbeats = new AgentHeartbeats({ ...parts, bus, desk, state, metrics });
  await clock.advanceSettling(15_000);
  const offline = (): number => [...state.nodes()].filter(({ status }) => status === 'offline').length;
  await waitFor(() => offline() === NODES, { what: 'every node is offline' });
  expect(most()).toBeLessThanOrEqual(16);
  await heartbeats[Symbol.asyncDispose]();
});
