import { MemoryBus } from '@rackwright/adapter-memory-bus';
import { MemoryStore } from '@rackwright/adapter-memory-store';
import { keyspace, OUTBOX_PREFIX, RenderTask, type TaskView } from '@rackwright/contracts';
import { silentLogger, type Idc, type Instant } from '@rackwright/kernel';
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

async function finish(sn = 'sn-001'): Promise<void> {
  await api.call('POST', `/api/v1/tasks/dc1/${sn}/cancel`);
}

describe('creating a task', () => {
  it('answers the verbatim command with the task, its address and its tag', async () => {
    const text = '{"idc":"dc1","sn":"sn-001","mac":"00:1a:2b:3c:4d:5e","os_type":"Ubuntu 22.04","os_version":"22.04"}';
    const { status, headers, body } = await api.call<TaskView>('POST', '/api/v1/tasks', { text });
    expect(status).toBe(201);
    expect(headers.get('location')).toBe(PATH);
    expect(headers.get('etag')).toBe(`"${body.revision}"`);
    expect(body).toMatchObject({
      ...TASK,
      task_id: expect.stringMatching(/^task-[0-9a-f]{8}$/) as string,
      profile: 'ubuntu-22.04',
      status: 'pending',
      attempt: 1,
      percent: 0,
      progress: [],
      logs: [],
    });
  });

  it('never shows the boot token', async () => {
    await create({ auto_approve: true });
    const entry = await store.get(keyspace.task.key({ idc: 'dc1', sn: 'sn-001' }));
    const { token } = (JSON.parse(entry?.value ?? '{}') as { boot: { token: string } }).boot;
    expect(token).toMatch(/^[0-9a-f]{64}$/);
    for (const path of ['/api/v1/tasks', PATH, `${PATH}/history`]) {
      expect(JSON.stringify(await api.get(path))).not.toContain(token);
    }
    const { entries } = await store.list(OUTBOX_PREFIX);
    expect(JSON.stringify(entries.map(({ value }) => value))).not.toContain(token);
  });

  it.each([
    [{ os_type: 'ubuntu', os_version: '22.04' }, 'ubuntu-22.04'],
    [{ os_type: 'Ubuntu 22.04', os_version: '22.04.5' }, 'ubuntu-22.04'],
    [{ os_type: 'Debian', os_version: '12' }, 'debian-12'],
    [{ os_type: 'whatever', os_version: '1', profile: 'Rocky 9' }, 'rocky-9'],
  ])('takes %j for %s', async (changes, profile) => {
    expect((await create(changes)).body).toMatchObject({ profile });
  });

  it.each([
    [{ os_type: 'Plan9', os_version: '4' }, '/os_type'],
    [{ profile: 'nonesuch' }, '/profile'],
    [{ os_type: 'Ubuntu 22.04', os_version: '24.04' }, '/os_version'],
  ])('refuses %j by pointing at %s', async (changes, pointer) => {
    const { status, body } = await api.refused('POST', '/api/v1/tasks', { body: { ...TASK, ...changes } });
    expect(status).toBe(400);
    expect(body.errors?.map((error) => error.pointer)).toEqual([pointer]);
    expect(body.error).toBe(body.detail);
    expect((await api.get('/api/v1/tasks')).body).toEqual([]);
  });

  it('finds stored profiles, and the stored one where both exist', async () => {
    const profile = { family: 'debian', version: '99', format: 'preseed', kernel: 'k', initrds: [{ path: 'i' }] };
    await api.call('PUT', '/api/v1/profiles/house', { body: { ...profile, aliases: ['Our House'] } });
    const { body } = await create({ os_type: 'our house', os_version: '99' });
    expect(body.profile).toBe('house');
  });

  it('refuses a second unfinished task, by serial number and by MAC', async () => {
    await create();
    for (const changes of [{ mac: '00:1a:2b:3c:4d:5f' }, { sn: 'sn-002' }]) {
      const { status, body, headers } = await api.refused('POST', '/api/v1/tasks', { body: { ...TASK, ...changes } });
      expect([status, body.code, headers.get('location')]).toEqual([409, 'task-active', PATH]);
    }
    expect((await api.get<TaskView[]>('/api/v1/tasks')).body).toHaveLength(1);
    expect((await store.list('/os/dc1/macs/')).entries).toHaveLength(1);
  });

  it('hands a MAC to another machine once its task is over', async () => {
    await create();
    await finish();
    expect((await create({ sn: 'sn-002' })).status).toBe(201);
    expect((await api.get('/api/v1/servers/dc1/sn-001')).body).not.toHaveProperty('mac');
    expect((await api.get('/api/v1/servers/dc1/sn-002')).body).toMatchObject({ mac: TASK.mac });
    const { entries } = await store.list('/os/dc1/macs/');
    expect(entries.map(({ value }) => JSON.parse(value) as unknown)).toEqual([{ sn: 'sn-002' }]);
  });

  it('frees the MAC a machine had before', async () => {
    await create();
    await finish();
    await create({ mac: '00:1a:2b:3c:4d:5f' });
    const { entries } = await store.list('/os/dc1/macs/');
    expect(entries.map(({ key }) => key)).toEqual(['/os/dc1/macs/001a2b3c4d5f']);
  });

  it('refuses machines under maintenance', async () => {
    await api.call('PUT', '/api/v1/servers/dc1/sn-001', { body: { maintenance: true } });
    expect((await api.refused('POST', '/api/v1/tasks', { body: TASK })).body.code).toBe('machine-in-maintenance');
  });

  it('lets one of many win that are created at once', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => create({ sn: `sn-${String(index)}` })));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(19);
  });

  it('knows its own write when the answer got lost', async () => {
    const lossy = store.connect();
    const transact = lossy.transact.bind(lossy);
    lossy.transact = (comparisons, writes) => {
      lossy.loseNextReply();
      return transact(comparisons, writes);
    };
    await using replica = await ReplicaUnderTest.start({
      store: lossy,
      bus: bus.peer(),
      clock: new RealClock(),
      random: new SeededRandom(7),
      config: { leaderTtlSeconds: 120 },
    });
    const created = await replica.call<TaskView>('POST', '/api/v1/tasks', { body: TASK });
    expect(created.status).toBe(201);
    const approved = await replica.call<TaskView>('POST', `${PATH}/approve`);
    expect([approved.status, approved.body.status]).toEqual([200, 'approved']);
    expect((await api.get<TaskView>(PATH)).body.status_history.map(({ status }) => status)).toEqual([
      'pending',
      'approved',
    ]);
  });
});

describe('deciding', () => {
  it('approves, with notes, and only once', async () => {
    await create();
    const { status, body } = await api.call<TaskView>('POST', `${PATH}/approve`, { body: { notes: 'ok' } });
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'approved', approval: { status: 'approved', notes: 'ok' } });
    expect(body.deadline_at).toBe(new Date(Date.parse(body.updated_at) + 7_200_000).toISOString() as Instant);
    expect((await api.refused('POST', `${PATH}/approve`)).body).toMatchObject({
      code: 'task-state-conflict',
      task_status: 'approved',
    });
  });

  it('takes approved: false for a rejection', async () => {
    await create();
    const { body } = await api.call<TaskView>('POST', `${PATH}/approve`, { body: { approved: false, reason: 'no' } });
    expect(body).toMatchObject({ status: 'rejected', approval: { status: 'rejected', reason: 'no' } });
  });

  it('changes nothing and tells nobody when it refuses', async () => {
    await create();
    await api.call('POST', `${PATH}/reject`, { body: { reason: 'wrong machine' } });
    const before = await store.list('/os/dc1/');
    for (const action of ['approve', 'reject', 'cancel']) {
      expect((await api.refused('POST', `${PATH}/${action}`)).status).toBe(409);
    }
    expect((await store.list('/os/dc1/')).entries).toEqual(before.entries);
  });

  it('gives 404 for a machine without a task', async () => {
    for (const action of ['approve', 'reject', 'cancel', 'retry']) {
      expect((await api.refused('POST', `${PATH}/${action}`)).body.code).toBe('task-not-found');
    }
    expect((await api.refused('GET', PATH)).body.code).toBe('task-not-found');
    expect((await api.refused('DELETE', PATH)).body.code).toBe('task-not-found');
  });

  it('honours If-Match', async () => {
    const { headers } = await create();
    const stale = { headers: { 'if-match': '"1"' } };
    const refused = await api.refused('POST', `${PATH}/approve`, stale);
    expect([refused.status, refused.body.code]).toEqual([412, 'revision-mismatch']);
    const current = { headers: { 'if-match': headers.get('etag') ?? '' } };
    expect((await api.call<TaskView>('POST', `${PATH}/approve`, current)).status).toBe(200);
    expect((await api.refused('POST', `${PATH}/cancel`, current)).status).toBe(412);
    expect((await api.refused('POST', `${PATH}/retry`, stale)).status).toBe(412);
    expect((await api.refused('DELETE', PATH, stale)).status).toBe(412);
  });

  it('repeats the answer to a repeated Idempotency-Key', async () => {
    const once = { body: TASK, headers: { 'idempotency-key': 'k1' } };
    const first = await api.call<TaskView>('POST', '/api/v1/tasks', once);
    const second = await api.call<TaskView>('POST', '/api/v1/tasks', once);
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body).toEqual(first.body);
    expect(second.headers.get('location')).toBe(PATH);
    const other = { ...once, body: { ...TASK, sn: 'sn-9' } };
    expect((await api.refused('POST', '/api/v1/tasks', other)).body.code).toBe('idempotency-key-reused');
  });

  it('retries as a new attempt and keeps the old one', async () => {
    const first = await create({ hostname: 'web-1', tags: { team: 'a' } });
    expect((await api.refused('POST', `${PATH}/retry`)).status).toBe(409);
    await finish();
    const { status, body } = await api.call<TaskView>('POST', `${PATH}/retry`, { body: { reason: 'disk replaced' } });
    expect(status).toBe(200);
    expect(body).toMatchObject({ attempt: 2, status: 'pending', hostname: 'web-1', tags: { team: 'a' } });
    expect(body.status_history).toMatchObject([{ reason: 'disk replaced' }]);
    const history = await api.get<TaskView[]>(`${PATH}/history`);
    expect(history.body.map(({ task_id, status: state }) => [task_id, state])).toEqual([
      [first.body.task_id, 'cancelled'],
    ]);
  });

  it('deletes only what is over, and keeps its history', async () => {
    const { body } = await create();
    expect((await api.refused('DELETE', PATH)).body.code).toBe('task-active');
    await finish();
    const deleted = await api.call<string>('DELETE', PATH);
    expect([deleted.status, deleted.body]).toEqual([204, '']);
    expect((await api.refused('GET', PATH)).status).toBe(404);
    expect((await api.get<TaskView[]>(`${PATH}/history`)).body.map((task) => task.task_id)).toEqual([body.task_id]);
  });
});

describe('reading', () => {
  it.each([
    '/api/v1/tasks',
    '/api/v1/tasks?idc=nowhere&status=failed',
    `${PATH}/history`,
    '/api/v1/servers/dc1',
    '/api/v1/unmatched/dc1',
    '/api/v1/nodes',
    '/api/v1/regions',
    '/api/v1/leases/dc1',
    '/api/v1/subnets/dc1',
    '/api/v1/reservations/dc1',
  ])('answers %s with [] when there is nothing', async (path) => {
    expect((await api.get(path)).body).toEqual([]);
  });

  it('pages through every task once, newest first', async () => {
    for (let index = 0; index < 5; index += 1) {
      await create({ sn: `sn-${String(index)}`, mac: `00:00:00:00:01:0${String(index)}` });
    }
    const seen: string[] = [];
    let path: string | undefined = '/api/v1/tasks?limit=2';
    while (path !== undefined) {
      const { body, headers }: Awaited<ReturnType<typeof api.get<TaskView[]>>> = await api.get<TaskView[]>(path);
      expect(headers.get('x-total-count')).toBe('5');
      seen.push(...body.map(({ sn }) => sn));
      path = /^<(.*)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1];
    }
    expect(new Set(seen).size).toBe(5);
    expect(seen).toHaveLength(5);
  });

  it('filters', async () => {
    await create({ tags: { team: 'a' } });
    await create({ idc: 'dc2', sn: 's2', mac: '00:00:00:00:00:02', os_type: 'Debian', os_version: '12' });
    const found = async (query: string): Promise<readonly string[]> =>
      (await api.get<TaskView[]>(`/api/v1/tasks?${query}`)).body.map(({ sn }) => sn);
    expect(await found('idc=dc2')).toEqual(['s2']);
    expect(await found('sn=sn-001')).toEqual(['sn-001']);
    expect(await found('os_type=debian')).toEqual(['s2']);
    expect(await found('tag=team')).toEqual(['sn-001']);
    expect(await found('tag=team%3Db')).toEqual([]);
    expect(await found('status=pending&idc=dc1')).toEqual(['sn-001']);
    expect(await found('created_after=2999-01-01T00:00:00Z')).toEqual([]);
  });

  it('counts every completed write, also of another replica', async () => {
    await using other = await ReplicaUnderTest.start({
      store: store.connect(),
      bus: bus.peer(),
      clock: new RealClock(),
      random: new SeededRandom(2),
    });
    for (let index = 0; index < 10; index += 1) {
      await create({ sn: `sn-${String(index)}`, mac: `00:00:00:00:02:0${String(index)}` });
      const { body } = await other.get<{ tasks: { pending: number }; tasks_total: number }>('/api/v1/stats/dc1');
      expect([body.tasks.pending, body.tasks_total]).toEqual([index + 1, index + 1]);
      expect((await other.get<TaskView[]>('/api/v1/tasks')).body).toHaveLength(index + 1);
    }
  });

  it('asks the region for what it would render', async () => {
    await create();
    expect((await api.refused('GET', `${PATH}/rendered`)).body).toMatchObject({
      status: 503,
      code: 'region-unavailable',
      detail: expect.stringContaining('dc1') as string,
    });
    const files = [{ path: '/boot/x', content_type: 'text/plain', content: '#!ipxe' }];
    await using _region = bus.respond(RenderTask, { idc: 'dc1' as Idc }, () => Promise.resolve({ files }));
    expect((await api.get(`${PATH}/rendered`)).body).toEqual({ files });
    expect(_region).toBeDefined();
  });

  it('reads the log of the attempt, and follows it', async () => {
    const { body } = await create();
    const source = { idc: 'dc1', sn: 'sn-001', task_id: body.task_id };
    const line = (text: string) => ({ ...source, at: '2026-01-01T00:00:00.000Z', text, id: `${body.task_id}-${text}` });
    await bus.publishLogs([line('one'), line('two')]);
    const logs = await api.get<{ seq: number; text: string }[]>(`${PATH}/logs`);
    expect(logs.body.map(({ text }) => text)).toEqual(['one', 'two']);
    const after = String(logs.body[0]?.seq);
    expect((await api.get<{ text: string }[]>(`${PATH}/logs?after=${after}`)).body.map(({ text }) => text)).toEqual([
      'two',
    ]);
    const stop = new AbortController();
    const response = await fetch(`${api.url}${PATH}/logs?follow=true`, { signal: stop.signal });
    expect(response.headers.get('content-type')).toBe('application/x-ndjson');
    const seen: string[] = [];
    const reading = (async () => {
      for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) seen.push(chunk);
    })().catch(() => undefined);
    await bus.publishLogs([line('three')]);
    await waitFor(() => seen.join('').includes('three'), { what: 'the line that came later' });
    stop.abort();
    await reading;
    expect(
      seen
        .join('')
        .trim()
        .split('\n')
        .map((json) => (JSON.parse(json) as { text: string }).text),
    ).toEqual(['one', 'two', 'three']);
  });
});
