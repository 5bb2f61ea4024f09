import { MemoryBus } from '@rackwright/adapter-memory-bus';
import { MemoryStore } from '@rackwright/adapter-memory-store';
import {
  busProblem,
  ExplainRegionBoot,
  keyspace,
  RemoteProblem,
  ReplayRegionBoot,
  type BootExplanation,
  type ExplainBoot,
} from '@rackwright/contracts';
import { silentLogger, type Idc, type Instant } from '@rackwright/kernel';
import { RealClock, SeededRandom } from '@rackwright/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ReplicaUnderTest } from '../replica-under-test.js';

const AT = '2026-01-01T00:00:00.000Z' as Instant;
const IDC = { idc: 'dc1' as Idc };
const mac = '00:1a:2b:3c:4d:5e';
const silence: BootExplanation = { ...IDC, at: AT, decision: { kind: 'silence', reason: 'no-subnet' }, fields: [] };

let stack: AsyncDisposableStack;
let store: MemoryStore;
let bus: MemoryBus;
let api: ReplicaUnderTest;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  const ports = { clock: new RealClock(), random: new SeededRandom(1) };
  store = stack.use(new MemoryStore(ports));
  bus = stack.use(new MemoryBus({ ...ports, logger: silentLogger }));
  api = stack.use(await ReplicaUnderTest.start({ ...ports, store: store.connect(), bus: bus.peer() }));
});
afterEach(() => stack.disposeAsync());

async function heartbeat(idc: string): Promise<void> {
  const value = { instance: 'i', at: AT, counters: {}, journal_length: 0, view_revision: '1' };
  const key = keyspace.regionHeartbeat.key({ idc });
  await store.transact([], [{ kind: 'put', key, value: JSON.stringify(value) }]);
}

describe('questions about boots', () => {
  it('go to the region that is named and come back as it answers', async () => {
    const asked: ExplainBoot[] = [];
    bus.respond(ExplainRegionBoot, IDC, async (body) => {
      asked.push(body);
      return silence;
    });
    const answer = await api.call('POST', '/api/v1/boot/explain', { body: { idc: 'dc1', mac, arch: 7 } });
    expect([answer.status, answer.body]).toEqual([200, silence]);
    expect(asked).toEqual([expect.objectContaining({ idc: 'dc1', mac: '001a2b3c4d5e', arch: 7 })]);
  });

  it('go to the only region online when none is named', async () => {
    await heartbeat('dc1');
    bus.respond(ReplayRegionBoot, IDC, async ({ packets }) => ({ explanations: packets.map(() => silence) }));
    const body = { packets: [{ packet: '00' }, { packet: '01' }] };
    expect((await api.call('POST', '/api/v1/boot/replay', { body })).body).toEqual({
      explanations: [silence, silence],
    });
    await heartbeat('dc2');
    const refused = await api.refused('POST', '/api/v1/boot/replay', { body });
    expect([refused.status, refused.body.errors?.[0]?.pointer]).toEqual([400, '/idc']);
  });

  it('are refused before a region is asked when they cannot be answered', async () => {
    const refused = await api.refused('POST', '/api/v1/boot/explain', { body: { idc: 'dc1', packet: '00', mac } });
    expect([refused.status, refused.body.errors]).toEqual([
      400,
      [{ pointer: '/mac', detail: 'mac may not be given together with packet' }],
    ]);
  });

  it('fail as the region says, or because it is away', async () => {
    const body = { idc: 'dc1', mac };
    expect((await api.refused('POST', '/api/v1/boot/explain', { body })).status).toBe(503);
    bus.respond(ExplainRegionBoot, IDC, () => {
      throw new RemoteProblem(busProblem('not-ready', 'Another instance serves this IDC'));
    });
    const refused = await api.refused('POST', '/api/v1/boot/explain', { body });
    expect([refused.status, refused.body.code]).toEqual([503, 'not-ready']);
  });
});
