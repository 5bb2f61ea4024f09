import { MemoryBus } from '@rackwright/adapter-memory-bus';
import { MemoryStore } from '@rackwright/adapter-memory-store';
import { OUTBOX_PREFIX, type TaskView } from '@rackwright/contracts';
import { silentLogger } from '@rackwright/kernel';
import { RealClock, SeededRandom, waitFor } from '@rackwright/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ReplicaUnderTest } from '../replica-under-test.js';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const TASK = {
  idc: 'dc1',
  sn: 'sn-001',
  mac: '00:1a:2b:3c:4d:5e',
  os_type: 'Ubuntu 22.04',
  os_version: '22.04',
} as const;
const PATH = '/api/v1/tasks/dc1/sn-001';

let stack: AsyncDisposableStack;
let store: MemoryStore;
let bus: MemoryBus;
let api: ReplicaUnderTest;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  const ports = { clock: new RealClock(), random: new SeededRandom(1) };
  store = stack.use(new MemoryStore(ports));
  bus = stack.use(new MemoryBus({ ...ports, logger: silentLogger }));
  api = stack.use(await ReplicaUnderTest.start({ ...ports, store: store.connect(), bus }));
});

afterEach(() => stack.disposeAsync());

function create(changes: Readonly<Record<string, unknown>> = {}) {
  return api.call<TaskView>('POST', '/api/v1/tasks', { body: { ...TASK, ...changes } });
}

describe('a batch', () => {
  it('settles each item on its own', async () => {
    await create({ sn: 'busy', mac: '00:00:00:00:00:01' });
    const tasks = [
      { ...TASK, sn: 'a', mac: '00:00:00:00:00:0a' },
      { ...TASK, sn: 'busy', mac: '00:00:00:00:00:0b' },
      { ...TASK, sn: '../x' },
      'nonsense',
      { ...TASK, sn: 'a', mac: '00:00:00:00:00:0c' },
    ];
    const { status, body } = await api.call<{ index: number; status: number; problem?: { code: string } }[]>(
      'POST',
      '/api/v1/tasks/batch',
      { body: { tasks } },
    );
    expect(status).toBe(207);
    expect(body.map((item) => [item.index, item.status, item.problem?.code])).toEqual([
      [0, 201, undefined],
      [1, 409, 'task-active'],
      [2, 400, 'invalid-request'],
      [3, 400, 'invalid-request'],
      [4, 409, 'task-active'],
    ]);
  });

  it('foretells the same with dry_run and writes nothing', async () => {
    const tasks = [TASK, { ...TASK, sn: 'sn-2' }, { ...TASK, sn: 'sn-3', mac: '00:00:00:00:00:0c' }];
    const before = await store.list('/os/dc1/');
    const { body } = await api.call<{ status: number }[]>('POST', '/api/v1/tasks/batch?dry_run=true', {
      body: { tasks },
    });
    expect(body.map(({ status }) => status)).toEqual([200, 409, 200]);
    expect((await store.list('/os/dc1/')).entries).toEqual(before.entries);
  });

  it('takes 500 items and refuses 501', async () => {
    const tasks = Array.from({ length: 501 }, (_, index) => ({
      ...TASK,
      sn: `n${String(index)}`,
      mac: `02${index.toString(16).padStart(10, '0')}`,
    }));
    expect((await api.refused('POST', '/api/v1/tasks/batch', { body: { tasks } })).status).toBe(400);
    const { body } = await api.call<{ status: number }[]>('POST', '/api/v1/tasks/batch', {
      body: { tasks: tasks.slice(1) },
    });
    expect(body.filter(({ status }) => status === 201)).toHaveLength(500);
  });
});

describe('an outage', () => {
  it('of the store is answered with 503 and Retry-After', async () => {
    const cut = store.connect();
    await using replica = await ReplicaUnderTest.start({
      store: cut,
      bus: bus.peer(),
      clock: new RealClock(),
      random: new SeededRandom(3),
    });
    cut.cut();
    for (const [method, path] of [
      ['POST', '/api/v1/tasks'],
      ['GET', '/api/v1/tasks'],
      ['GET', PATH],
      ['GET', '/api/v1/stats'],
      ['GET', '/api/v1/nodes'],
    ] as const) {
      const { status, headers, body } = await replica.refused(method, path, method === 'POST' ? { body: TASK } : {});
      expect([path, status, body.code]).toEqual([path, 503, 'store-unavailable']);
      expect(headers.get('retry-after')).not.toBeNull();
    }
    expect((await replica.refused('GET', '/ready')).body.detail).toContain('etcd');
  });

  it('of the bus leaves writes working; streams are answered with 503', async () => {
    bus.cut();
    expect((await create()).status).toBe(201);
    expect((await api.refused('GET', '/api/v1/events')).body).toMatchObject({ status: 503, code: 'bus-unavailable' });
    expect((await store.list(OUTBOX_PREFIX)).entries).toHaveLength(1);
    bus.heal();
    await waitFor(async () => (await store.list(OUTBOX_PREFIX)).entries.length === 0, { what: 'the outbox drains' });
    expect(await bus.eventRange()).toEqual({ first: 1, last: 1 });
  });
});
