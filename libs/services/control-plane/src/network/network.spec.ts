import { MemoryBus } from '@rackwright/adapter-memory-bus';
import { MemoryStore } from '@rackwright/adapter-memory-store';
import { LiquidTemplates } from '@rackwright/adapter-liquid-templates';
import { keyspace } from '@rackwright/contracts';
import { silentLogger } from '@rackwright/kernel';
import { RealClock, SeededRandom } from '@rackwright/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ReplicaUnderTest } from '../replica-under-test.js';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

let stack: AsyncDisposableStack;
let store: MemoryStore;
let api: ReplicaUnderTest;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  const ports = { clock: new RealClock(), random: new SeededRandom(1) };
  store = stack.use(new MemoryStore(ports));
  const bus = stack.use(new MemoryBus({ ...ports, logger: silentLogger }));
  const templates = new LiquidTemplates();
  api = stack.use(await ReplicaUnderTest.start({ ...ports, store: store.connect(), bus, templates }));
});

afterEach(() => stack.disposeAsync());

const put = (path: string, body: object) =>
  api.call<{ code?: string; errors?: { pointer: string }[] }>('PUT', path, { body });

describe('subnets', () => {
  const range = (start: number, end: number) => ({ start: `10.0.0.${String(start)}`, end: `10.0.0.${String(end)}` });

  it('are created, replaced, read and deleted', async () => {
    const body = { cidr: '10.0.0.0/24', pools: [range(10, 20), range(21, 30)], gateway: '10.0.0.1' };
    const created = await put('/api/v1/subnets/dc1/rack-1', body);
    expect([created.status, created.headers.get('location')]).toEqual([201, '/api/v1/subnets/dc1/rack-1']);
    expect(created.body).toMatchObject({ ...body, name: 'rack-1', idc: 'dc1', lease_seconds: 86_400 });
    expect((await put('/api/v1/subnets/dc1/rack-1', { ...body, lease_seconds: 60 })).status).toBe(200);
    expect((await api.get<{ lease_seconds: number }[]>('/api/v1/subnets/dc1')).body).toMatchObject([
      { lease_seconds: 60 },
    ]);
    expect((await api.call('DELETE', '/api/v1/subnets/dc1/rack-1')).status).toBe(204);
    expect((await api.refused('GET', '/api/v1/subnets/dc1/rack-1')).body.code).toBe('subnet-not-found');
  });

  it.each([
    [{ pools: [range(20, 10)] }, ['/pools/0/start']],
    [{ pools: [{ start: '10.0.1.1', end: '10.0.1.9' }] }, ['/pools/0/start', '/pools/0/end']],
    [{ pools: [range(10, 20), range(20, 30)] }, ['/pools/1']],
    [{ exclusions: [{ start: '10.0.0.1', end: '10.0.1.9' }] }, ['/exclusions/0/end']],
    [{ gateway: '10.0.1.1' }, ['/gateway']],
    [{ gateway: '10.0.0.255' }, ['/gateway']],
  ])('refuse %j', async (changes, pointers) => {
    const { status, body } = await put('/api/v1/subnets/dc1/rack-1', { cidr: '10.0.0.0/24', ...changes });
    expect([status, body.errors?.map(({ pointer }) => pointer)]).toEqual([400, pointers]);
    expect((await store.list('/os/dc1/')).entries).toEqual([]);
  });

  it('never overlap, also when they are put at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        put(`/api/v1/subnets/dc1/s${String(index)}`, { cidr: `10.0.${index % 2 === 0 ? '0.0/16' : '4.0/24'}` }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(9).fill(409)]);
    expect(answers.find(({ status }) => status === 409)?.body.errors).toMatchObject([{ pointer: '/cidr' }]);
    expect((await put('/api/v1/subnets/dc2/s', { cidr: '10.0.0.0/16' })).status).toBe(201);
  });

  it('stay while a reservation names them', async () => {
    await put('/api/v1/subnets/dc1/rack-1', { cidr: '10.0.0.0/24' });
    await put('/api/v1/reservations/dc1/001a2b3c4d5e', { subnet: 'rack-1' });
    expect((await api.refused('DELETE', '/api/v1/subnets/dc1/rack-1')).body.code).toBe('conflict');
  });
});

describe('reservations', () => {
  it('take any spelling of a MAC and show the readable one', async () => {
    const created = await put('/api/v1/reservations/dc1/00-1A-2B-3C-4D-5E', { ip: '10.0.0.9', hostname: 'a' });
    expect([created.status, created.headers.get('location')]).toEqual([201, '/api/v1/reservations/dc1/001a2b3c4d5e']);
    expect(created.body).toMatchObject({ mac: '00:1a:2b:3c:4d:5e', ip: '10.0.0.9', allow_netboot: true });
    const stale = await api.refused('PUT', '/api/v1/reservations/dc1/001a2b3c4d5e', {
      body: { ip: '10.0.0.8' },
      headers: { 'if-match': '"1"' },
    });
    expect(stale.status).toBe(412);
  });

  it('hold an address once, also when many ask for it at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        put(`/api/v1/reservations/dc1/00000000010${String(index)}`, { ip: '10.0.0.9' }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(9).fill(409)]);
    expect((await put('/api/v1/reservations/dc2/000000000200', { ip: '10.0.0.9' })).status).toBe(201);
  });

  it('free the address they had', async () => {
    const [one, other] = ['/api/v1/reservations/dc1/000000000001', '/api/v1/reservations/dc1/000000000002'];
    await put(one, { ip: '10.0.0.9' });
    await put(one, { ip: '10.0.0.10' });
    expect((await put(other, { ip: '10.0.0.9' })).status).toBe(201);
    await api.call('DELETE', one);
    expect((await put(other, { ip: '10.0.0.10' })).status).toBe(200);
    expect((await store.list('/os/dc1/ips/')).entries.map(({ key }) => key)).toEqual(['/os/dc1/ips/10.0.0.10']);
  });

  it.each([
    [{ subnet: 'nowhere' }, '/subnet'],
    [{ subnet: 'rack-1', ip: '10.0.1.9' }, '/ip'],
    [{ subnet: 'rack-1', ip: '10.0.0.255' }, '/ip'],
    [{ subnet: 'rack-1', ip: '10.0.0.1' }, '/ip'],
  ])('refuse %j', async (body, pointer) => {
    await put('/api/v1/subnets/dc1/rack-1', { cidr: '10.0.0.0/24', gateway: '10.0.0.1' });
    const answer = await put('/api/v1/reservations/dc1/001a2b3c4d5e', body);
    expect([answer.status, answer.body.errors?.map((error) => error.pointer)]).toEqual([400, [pointer]]);
  });
});

describe('leases', () => {
  it('are listed by address', async () => {
    for (const ip of ['10.0.0.10', '10.0.0.9']) {
      const lease = {
        ...{ ip, mac: '001a2b3c4d5e', subnet: 's', state: 'active', version: 1 },
        ...{ granted_at: '2026-01-01T00:00:00.000Z', expires_at: '2026-01-02T00:00:00.000Z' },
      };
      await store.transact(
        [],
        [{ kind: 'put', key: keyspace.lease.key({ idc: 'dc1', ip }), value: JSON.stringify(lease) }],
      );
    }
    const { body } = await api.get<{ ip: string; mac: string }[]>('/api/v1/leases/dc1');
    expect(body.map(({ ip, mac }) => [ip, mac])).toEqual([
      ['10.0.0.9', '00:1a:2b:3c:4d:5e'],
      ['10.0.0.10', '00:1a:2b:3c:4d:5e'],
    ]);
  });
});

describe('leases that are asked for', () => {
  const leases = [
    { ip: '10.0.0.1', mac: '001a2b3c4d01', subnet: 'a', state: 'active', hostname: 'Web-1' },
    { ip: '10.0.0.2', mac: '001a2b3c4d02', subnet: 'a', state: 'expired' },
    { ip: '10.0.1.1', mac: '001a2b3c4d01', subnet: 'b', state: 'active' },
    { ip: '10.0.1.2', subnet: 'b', state: 'declined' },
  ];

  beforeEach(async () => {
    const at = { granted_at: '2026-01-01T00:00:00.000Z', expires_at: '2026-01-02T00:00:00.000Z', version: 1 };
    for (const lease of leases) {
      const key = keyspace.lease.key({ idc: 'dc1', ip: lease.ip });
      await store.transact([], [{ kind: 'put', key, value: JSON.stringify({ ...lease, ...at }) }]);
    }
  });

  it.each([
    ['mac=00-1A-2B-3C-4D-01', ['10.0.0.1', '10.0.1.1']],
    ['ip=10.0.0.2', ['10.0.0.2']],
    ['state=declined', ['10.0.1.2']],
    ['subnet=b', ['10.0.1.1', '10.0.1.2']],
    ['hostname=web-1', ['10.0.0.1']],
    ['mac=001a2b3c4d01&subnet=a&state=active', ['10.0.0.1']],
    ['subnet=nowhere', []],
  ])('%s', async (query, expected) => {
    const { body, headers } = await api.get<{ ip: string }[]>(`/api/v1/leases/dc1?${query}`);
    expect([body.map(({ ip }) => ip), headers.get('x-total-count')]).toEqual([expected, String(expected.length)]);
  });

  it.each(['mac=zz', 'ip=10.0.0', 'state=gone', 'color=red'])('%s is refused', async (query) => {
    const { status, body } = await api.refused('GET', `/api/v1/leases/dc1?${query}`);
    expect([status, body.errors?.map(({ pointer }) => pointer)]).toEqual([400, [`/${query.split('=')[0] ?? ''}`]]);
  });

  it('come page by page', async () => {
    const first = await api.get<{ ip: string }[]>('/api/v1/leases/dc1?subnet=b&limit=1');
    const next = /<([^>]+)>; rel="next"/.exec(first.headers.get('link') ?? '')?.[1] ?? '';
    const second = await api.get<{ ip: string }[]>(next.replace(/^https?:\/\/[^/]+/, ''));
    expect([...first.body, ...second.body].map(({ ip }) => ip)).toEqual(['10.0.1.1', '10.0.1.2']);
  });
});

describe('profiles', () => {
  const recipe = { family: 'debian', version: '12', format: 'preseed', kernel: 'k', initrds: [{ path: 'i' }] };

  it('are built in, can be overridden and come back', async () => {
    const builtin = await api.get<{ builtin: boolean }>('/api/v1/profiles/debian-12');
    expect(builtin.body).toMatchObject({ name: 'debian-12', builtin: true });
    expect((await api.refused('DELETE', '/api/v1/profiles/debian-12')).body.code).toBe('conflict');
    expect((await put('/api/v1/profiles/debian-12', recipe)).status).toBe(201);
    const stored = await api.get('/api/v1/profiles/debian-12');
    expect(stored.body).toMatchObject({ ...recipe, name: 'debian-12', builtin: false });
    expect(stored.headers.get('etag')).toMatch(/^"\d+"$/);
    expect((await api.call('DELETE', '/api/v1/profiles/debian-12')).status).toBe(204);
    expect((await api.get('/api/v1/profiles/debian-12')).body).toEqual(builtin.body);
  });

  it('have their template checked', async () => {
    const { status, body } = await put('/api/v1/profiles/house', { ...recipe, template: '{% if x %}' });
    expect([status, body.errors?.map(({ pointer }) => pointer)]).toEqual([400, ['/template']]);
    expect((await put('/api/v1/profiles/house', { ...recipe, template: '{{ hostname }}' })).status).toBe(201);
  });

  it('stay while an unfinished task needs them', async () => {
    await put('/api/v1/profiles/house', recipe);
    const task = { idc: 'dc1', sn: 'a', mac: '001a2b3c4d5e', os_type: 'x', os_version: '1', profile: 'house' };
    await api.call('POST', '/api/v1/tasks', { body: task });
    expect((await api.refused('DELETE', '/api/v1/profiles/house')).body.code).toBe('conflict');
    expect((await api.refused('DELETE', '/api/v1/profiles/nonesuch')).body.code).toBe('profile-not-found');
  });
});
