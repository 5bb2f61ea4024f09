import { MemoryBus } from '@rackwright/adapter-memory-bus';
import { MemoryStore } from '@rackwright/adapter-memory-store';
import {
  ActOnRegionNode,
  busProblem,
  CreateRegionNode,
  DeleteRegionNode,
  keyspace,
  PatchRegionNode,
  RemoteProblem,
  type NodeCommandRecord,
  type ServerView,
} from '@rackwright/contracts';
import { silentLogger, type Idc } from '@rackwright/kernel';
import { ManualClock, RealClock, SeededRandom, waitFor } from '@rackwright/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ReplicaUnderTest } from '../replica-under-test.js';
import { asOf } from './node-commands.js';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const AT = '2026-01-01T00:00:00.000Z';
const MAC = '001a2b3c4d5e';
const NODE = { mac: MAC, idc: 'dc1', status: 'discovered', dns: [], created_at: AT, updated_at: AT } as const;
const IDC = { idc: 'dc1' as Idc };

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

async function put(key: string, value: object): Promise<void> {
  await store.transact([], [{ kind: 'put', key, value: JSON.stringify(value) }]);
}

const putNode = (): Promise<void> => put(keyspace.node.key({ idc: 'dc1', mac: MAC }), NODE);
const heartbeat = (idc: string): Promise<void> =>
  put(keyspace.regionHeartbeat.key({ idc }), {
    ...{ instance: 'i', at: AT, counters: { dhcp_acks: 3 }, journal_length: 0, view_revision: '1' },
  });

describe('nodes', () => {
  it('are read by any spelling of their MAC', async () => {
    await putNode();
    for (const mac of ['00:1a:2b:3c:4d:5e', '00-1A-2B-3C-4D-5E', '001a.2b3c.4d5e', MAC]) {
      expect((await api.get(`/api/v1/nodes/${mac}`)).body).toMatchObject(NODE);
    }
    expect((await api.get('/api/v1/nodes?status=discovered&idc=dc1')).body).toMatchObject([NODE]);
    expect((await api.get('/api/v1/nodes?status=online')).body).toEqual([]);
  });

  it('are written by their region', async () => {
    const reply = { ...NODE, revision: '7' } as never;
    const asked: object[] = [];
    const answer = (payload: object): Promise<never> => {
      asked.push({ ...payload });
      return Promise.resolve(reply);
    };
    stack.use(bus.respond(CreateRegionNode, IDC, answer));
    stack.use(bus.respond(ActOnRegionNode, IDC, answer));
    stack.use(bus.respond(PatchRegionNode, IDC, answer));
    stack.use(bus.respond(DeleteRegionNode, IDC, (payload) => answer(payload).then((deleted) => ({ deleted }))));
    const created = await api.call('POST', '/api/v1/nodes', { body: { mac: '00:1a:2b:3c:4d:5e', idc: 'dc1' } });
    expect([created.status, created.headers.get('location'), created.headers.get('etag')]).toEqual([
      201,
      `/api/v1/nodes/${MAC}`,
      '"7"',
    ]);
    await putNode();
    expect((await api.refused('POST', '/api/v1/nodes', { body: { mac: MAC, idc: 'dc2' } })).body.code).toBe(
      'node-exists',
    );
    expect((await api.call('PUT', `/api/v1/nodes/${MAC}`, { body: { action: 'rescue' } })).status).toBe(200);
    expect((await api.call('PATCH', `/api/v1/nodes/${MAC}`, { body: { hostname: 'a' } })).status).toBe(200);
    const stale = { body: { hostname: 'b' }, headers: { 'if-match': '"1"' } };
    expect((await api.refused('PATCH', `/api/v1/nodes/${MAC}`, stale)).status).toBe(412);
    expect((await api.call('DELETE', `/api/v1/nodes/${MAC}`)).status).toBe(204);
    expect(asked).toMatchObject([{ mac: MAC }, { mac: MAC, action: 'rescue' }, { hostname: 'a' }, { mac: MAC }]);
  });

  it('pass on what the region refuses, and say which region is away', async () => {
    await putNode();
    const act = () => api.refused('PUT', `/api/v1/nodes/${MAC}`, { body: { action: 'install' } });
    expect((await act()).body).toMatchObject({ status: 503, detail: expect.stringContaining('dc1') as string });
    stack.use(
      bus.respond(ActOnRegionNode, IDC, () => Promise.reject(new RemoteProblem(busProblem('task-active', 'busy')))),
    );
    expect((await act()).body).toMatchObject({ status: 409, code: 'task-active', detail: 'busy' });
  });

  it('go to the only region that is online when none is named', async () => {
    const reply = { ...NODE, revision: '7' } as never;
    stack.use(bus.respond(CreateRegionNode, IDC, () => Promise.resolve(reply)));
    const create = () => api.refused('POST', '/api/v1/nodes', { body: { mac: MAC } });
    expect((await create()).body.errors).toMatchObject([{ pointer: '/idc' }]);
    await heartbeat('dc1');
    expect((await create()).status).toBe(201);
    await heartbeat('dc2');
    expect((await create()).body.detail).toContain('dc1, dc2');
  });
});

describe('commands', () => {
  it('reach the agent, are acknowledged and end', async () => {
    await putNode();
    const seen: string[] = [];
    stack.use(
      bus.onDeviceMessage('node/+/command', ({ topic, payload }) => seen.push(topic, Buffer.from(payload).toString())),
    );
    const sent = await api.call<NodeCommandRecord>('POST', `/api/v1/nodes/${MAC}/commands`, {
      body: { command: 'reboot', args: ['now'] },
    });
    const { id } = sent.body;
    expect([sent.status, sent.body.status]).toEqual([201, 'sent']);
    expect(seen[0]).toBe(`node/${MAC}/command`);
    expect(JSON.parse(seen[1] ?? '')).toEqual({ command: 'reboot', args: ['now'], id });
    const path = sent.headers.get('location') ?? '';
    const tell = (message: object | string): Promise<void> =>
      bus.publishToDevice({
        topic: `node/${MAC}/result`,
        payload: Buffer.from(typeof message === 'string' ? message : JSON.stringify(message)),
      });
    const becomes = (status: string) =>
      waitFor(async () => (await api.get<NodeCommandRecord>(path)).body.status === status, { what: status });
    await tell('nonsense');
    await tell({ id: 'cmd-0000000000000000', status: 'succeeded' });
    await tell({ id, status: 'acked' });
    await becomes('acked');
    await tell({ id, success: true, result: { code: 0 } });
    await becomes('succeeded');
    await tell({ id, status: 'failed' });
    await tell({ id: 'cmd-0000000000000000', status: 'succeeded' });
    expect((await api.get<NodeCommandRecord>(path)).body).toMatchObject({ status: 'succeeded', result: { code: 0 } });
    const entry = await store.get(keyspace.command.key({ idc: 'dc1', mac: MAC, id }));
    expect(entry?.leaseId).toBeDefined();
  });

  it('time out by the clock', () => {
    const clock = new ManualClock(Date.parse(AT));
    const record = {
      ...{ id: 'cmd-0', mac: MAC, command: 'x', args: [], status: 'sent', created_at: AT },
      deadline_at: '2026-01-01T00:00:01.000Z',
    } as unknown as NodeCommandRecord;
    expect(asOf(record, clock.now()).status).toBe('sent');
    clock.advance(1_001);
    expect(asOf(record, clock.now())).toMatchObject({ status: 'timeout', finished_at: '2026-01-01T00:00:01.000Z' });
    expect(asOf({ ...record, status: 'failed' }, clock.now()).status).toBe('failed');
  });

  it('are refused for nodes nobody knows and while the bus is away', async () => {
    const body = { command: 'reboot' };
    expect((await api.refused('POST', `/api/v1/nodes/${MAC}/commands`, { body })).body.code).toBe('node-not-found');
    const path = `/api/v1/nodes/${MAC}/commands/cmd-0123456789abcdef`;
    expect((await api.refused('GET', path)).body.code).toBe('command-not-found');
  });
});

describe('machines', () => {
  const report = {
    ...{ sn: 'reported', mac_address: MAC, first_seen: AT, last_seen: AT },
    hardware: { cpu: { model: 'x', cores: 4 } },
  };
  const unmatched = keyspace.unmatched.key({ idc: 'dc1', mac: MAC });

  it('are claimed from what reported, with their hardware', async () => {
    await put(unmatched, report);
    expect((await api.get('/api/v1/unmatched/dc1')).body).toMatchObject([{ mac: '00:1a:2b:3c:4d:5e', sn: 'reported' }]);
    const path = `/api/v1/unmatched/dc1/${MAC}/claim`;
    const claimed = await api.call<ServerView>('POST', path, { body: { sn: 'sn-9' } });
    expect([claimed.status, claimed.headers.get('location')]).toEqual([201, '/api/v1/servers/dc1/sn-9']);
    expect(claimed.body).toMatchObject({ sn: 'sn-9', mac: '00:1a:2b:3c:4d:5e', status: 'registered', last_seen: AT });
    expect(claimed.body.hardware).toMatchObject(report.hardware);
    expect((await api.get('/api/v1/unmatched/dc1')).body).toEqual([]);
    expect((await api.refused('POST', path, { body: { sn: 'sn-9' } })).body.code).toBe('machine-not-found');
  });

  it('are claimed by one of many', async () => {
    await put(unmatched, report);
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        api.call('POST', `/api/v1/unmatched/dc1/${MAC}/claim`, { body: { sn: `sn-${String(index)}` } }),
      ),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect((await api.get<ServerView[]>('/api/v1/servers/dc1')).body).toHaveLength(1);
  });

  it('keep their MAC to themselves', async () => {
    const at = (sn: string) => `/api/v1/servers/dc1/${sn}`;
    expect((await api.call('PUT', at('a'), { body: { mac: MAC, labels: { rack: '1' } } })).status).toBe(201);
    expect((await api.refused('PUT', at('b'), { body: { mac: MAC } })).body.code).toBe('machine-exists');
    const { body } = await api.call<ServerView>('PUT', at('a'), { body: { note: 'moved' } });
    expect(body).toMatchObject({ mac: '00:1a:2b:3c:4d:5e', note: 'moved', labels: {} });
    expect((await api.call('PUT', at('a'), { body: { mac: '001a2b3c4d5f' } })).status).toBe(200);
    expect((await api.call('PUT', at('b'), { body: { mac: MAC } })).status).toBe(201);
    expect((await api.call('DELETE', at('b'))).status).toBe(204);
    expect((await store.list('/os/dc1/macs/')).entries.map(({ key }) => key)).toEqual(['/os/dc1/macs/001a2b3c4d5f']);
  });

  it('are not forgotten or moved during a task', async () => {
    const task = { idc: 'dc1', sn: 'a', mac: MAC, os_type: 'ubuntu', os_version: '22.04' };
    await api.call('POST', '/api/v1/tasks', { body: task });
    expect((await api.refused('DELETE', '/api/v1/servers/dc1/a')).body.code).toBe('task-active');
    const moved = await api.refused('PUT', '/api/v1/servers/dc1/a', { body: { mac: '001a2b3c4d5f' } });
    expect(moved.body.code).toBe('task-active');
    await api.call('POST', '/api/v1/tasks/dc1/a/cancel');
    expect((await api.call('DELETE', '/api/v1/servers/dc1/a')).status).toBe(204);
    expect((await api.get<unknown[]>('/api/v1/tasks/dc1/a/history')).body).toHaveLength(1);
  });
});

describe('regions', () => {
  it('are online exactly while their liveness key exists', async () => {
    await put(keyspace.regionInfo.key({ idc: 'dc1' }), {
      ...{ idc: 'dc1', instance: 'i', version: '1', http_url: 'http://x', dhcp_mode: 'server', started_at: AT },
    });
    expect((await api.get('/api/v1/regions/dc1')).body).toMatchObject({ idc: 'dc1', online: false, version: '1' });
    await heartbeat('dc1');
    const { body } = await api.get<{ lag_revisions: number }>('/api/v1/regions/dc1');
    expect(body).toMatchObject({ online: true, counters: { dhcp_acks: 3 }, last_heartbeat: AT });
    expect(body.lag_revisions).toBeGreaterThanOrEqual(0);
    expect((await api.get('/api/v1/regions')).body).toMatchObject([{ idc: 'dc1', online: true }]);
    expect((await api.refused('GET', '/api/v1/regions/dc9')).body.code).toBe('region-not-found');
  });
});
