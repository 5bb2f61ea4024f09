import { afterEach, describe, expect, it } from 'vitest';
import {
  ActOnRegionNode,
  CreateRegionNode,
  DeleteRegionNode,
  keyspace,
  PatchRegionNode,
  RenderTask,
  type RemoteProblem,
} from '@rackwright/contracts';
import { waitFor } from '@rackwright/testing';
import { approvedTask, call, idc, mac, newDisk, Site, sn, taskKey, type Region } from './region-rig.spec.js';

const open: Region[] = [];

async function started(site: Site, ...args: Parameters<Site['start']>): Promise<Region> {
  const region = await site.start(...args);
  open.push(region);
  return region;
}

async function serving(region: Region): Promise<Region> {
  await waitFor(() => region.service.serving.isOpen, { what: 'the region serves' });
  return region;
}

afterEach(async () => {
  for (const region of open.splice(0)) await region[Symbol.asyncDispose]();
});

/** The value of a series as `GET /metrics` has it; 0 when there is none. */
async function metric(region: Region, series: string): Promise<number> {
  const lines = (await (await fetch(`${region.url}/metrics`)).text()).split('\n');
  return Number(lines.find((line) => line.startsWith(`${series} `))?.split(' ')[1] ?? 0);
}

const progress = { sn, mac_address: mac, task_id: 'task-0a1b2c3d', step: 'os_install', percent: 30 };

describe('nodes', () => {
  it('are created once, changed under If-Match, listed and deleted', async () => {
    const region = await serving(await started(new Site()));
    const created = await call(region, 'POST', '/api/v1/nodes', { json: { mac: 'AA-BB-CC-DD-EE-0F', ip: '10.0.0.9' } });
    expect(created).toMatchObject({ status: 201, body: { mac: 'aabbccddee0f', status: 'discovered', ip: '10.0.0.9' } });
    expect(created.headers.get('location')).toBe('/api/v1/nodes/aabbccddee0f');
    const again = await call(region, 'POST', '/api/v1/nodes', { json: { mac: 'aabb.ccdd.ee0f' } });
    expect(again).toMatchObject({ status: 409, body: { code: 'node-exists' } });
    expect(again.headers.get('location')).toBe('/api/v1/nodes/aabbccddee0f');
    const etag = created.headers.get('etag') ?? '';
    const path = '/api/v1/nodes/aa:bb:cc:dd:ee:0f';
    const json = { hostname: 'node-9', netmask: '255.255.255.0' };
    const patched = await call(region, 'PATCH', path, { json, headers: { 'if-match': etag } });
    expect(patched).toMatchObject({ status: 200, body: json });
    expect((await call(region, 'PATCH', path, { json, headers: { 'if-match': etag } })).status).toBe(412);
    expect((await call(region, 'GET', '/api/v1/nodes?status=discovered')).body).toHaveLength(1);
    expect((await call(region, 'DELETE', path)).status).toBe(204);
    expect((await call(region, 'GET', path)).status).toBe(404);
    expect((await call(region, 'GET', '/api/v1/nodes')).body).toEqual([]);
    const elsewhere = await call(region, 'POST', '/api/v1/nodes', { json: { mac: 'aabbccddee0f', idc: 'dc9' } });
    expect(elsewhere).toMatchObject({ status: 400 });
  });

  it('are installed by one transaction, and only one of many at once', async () => {
    const site = new Site();
    const region = await serving(await started(site));
    await call(region, 'POST', '/api/v1/nodes', { json: { mac } });
    const bare = await call(region, 'PUT', `/api/v1/nodes/${mac}`, { json: { action: 'install' } });
    expect(bare).toMatchObject({ status: 400 });
    const json = { action: 'install', profile: 'Debian 12' };
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => call(region, 'PUT', `/api/v1/nodes/${mac}`, { json })),
    );
    const codes = answers.map(({ status }) => status).sort();
    expect(codes).toEqual([200, ...Array<number>(19).fill(409)]);
    const task = await site.json(keyspace.task.key({ idc, sn: mac }));
    expect(task).toMatchObject({ status: 'approved', profile: 'debian-12', mac, sn: mac });
    expect(await site.json(keyspace.macOwner.key({ idc, mac }))).toEqual({ sn: mac });
    expect(await site.json(keyspace.server.key({ idc, sn: mac }))).toMatchObject({ status: 'pending', mac });
    const types = (await site.events()).map(({ type }) => type).sort();
    expect(types).toEqual(['task.approved', 'task.created']);
  });

  it('are reinstalled as they were, and the old attempt goes to history', async () => {
    const site = new Site();
    const region = await serving(await started(site));
    const before = await site.approve(region);
    const done = { sn, status: 'success' };
    expect((await call(region, 'POST', '/api/v1/device/installComplete', { json: done })).status).toBe(200);
    const again = await call(region, 'PUT', `/api/v1/nodes/${mac}`, { json: { action: 'reinstall' } });
    expect(again).toMatchObject({ status: 200, body: { sn } });
    const task = await site.task();
    expect(task).toMatchObject({ status: 'approved', attempt: 2, profile: before.profile });
    expect(task.task_id).not.toBe(before.task_id);
    const history = await site.json(keyspace.history.key({ idc, sn, task_id: before.task_id }));
    expect(history).toMatchObject({ status: 'completed' });
  });

  it('take part in nothing while under maintenance', async () => {
    const site = new Site();
    const region = await serving(await started(site));
    await call(region, 'POST', '/api/v1/nodes', { json: { mac } });
    const server = { sn: mac, status: 'registered', added_at: '2026-01-01T00:00:00.000Z', maintenance: true };
    const key = keyspace.server.key({ idc, sn: mac });
    await site.store.transact([], [{ kind: 'put', key, value: JSON.stringify(server) }]);
    const json = { action: 'install', profile: 'debian-12' };
    const answer = await call(region, 'PUT', `/api/v1/nodes/${mac}`, { json });
    expect(answer).toMatchObject({ status: 409, body: { code: 'machine-in-maintenance' } });
  });

  it('are changed by what their agents say, which never starts an installation', async () => {
    const site = new Site();
    const region = await serving(await started(site));
    await call(region, 'POST', '/api/v1/nodes', { json: { mac } });
    const say = (payload: string): Promise<void> =>
      site.bus.publishToDevice({ topic: `node/${mac}/status`, payload: new TextEncoder().encode(payload) });
    const node = (): Promise<Record<string, unknown> | undefined> => site.json(keyspace.node.key({ idc, mac }));
    for (const noise of ['', 'no json', '[]', '{"status":"installing"}', '{"status":7}']) await say(noise);
    await say('{"status":"online","ip":"10.0.0.7","hostname":"n7","uptime":12}');
    await waitFor(async () => (await node())?.['status'] === 'online', { what: 'the node is online' });
    expect(await node()).toMatchObject({ ip: '10.0.0.7', hostname: 'n7' });
    expect(await site.json(keyspace.task.key({ idc, sn: mac }))).toBeUndefined();
    await say('{"status":"online"}');
    await site.bus.publishToDevice({ topic: 'node/02aaaaaaaaaa/status', payload: new TextEncoder().encode('{}') });
    expect(await site.json(keyspace.node.key({ idc, mac: '02aaaaaaaaaa' }))).toBeUndefined();
    for (const outcome of ['written', 'nothing-new', 'unknown-node', 'malformed']) {
      const series = `rw_region_node_heartbeats_total{outcome="${outcome}"}`;
      await waitFor(async () => (await metric(region, series)) > 0, { what: series });
    }
  });
});

describe('requests of the control plane', () => {
  it('are answered over the bus, refusals as problems', async () => {
    const site = new Site();
    await serving(await started(site));
    const at = { idc };
    const created = await site.bus.request(CreateRegionNode, at, { mac });
    expect(created).toMatchObject({ mac, status: 'discovered' });
    const refused = await site.bus.request(CreateRegionNode, at, { mac }).catch((error: unknown) => error);
    expect((refused as RemoteProblem).problem).toMatchObject({ status: 409, code: 'node-exists' });
    expect(await site.bus.request(PatchRegionNode, at, { mac, hostname: 'n1' })).toMatchObject({ hostname: 'n1' });
    const acted = await site.bus.request(ActOnRegionNode, at, { mac, action: 'rescue', by: 'anna' });
    expect(acted).toMatchObject({ boot_override: 'rescue' });
    expect((await site.bus.request(RenderTask, at, { sn })).files).toHaveLength(1);
    const unknown = await site.bus.request(RenderTask, at, { sn: 'x' as never }).catch((error: unknown) => error);
    expect((unknown as RemoteProblem).problem).toMatchObject({ status: 404, code: 'task-not-found' });
    expect(await site.bus.request(DeleteRegionNode, at, { mac })).toMatchObject({ deleted: { mac } });
  });
});

describe('a second instance', () => {
  it('waits as standby and takes over when the first ends', async () => {
    const site = new Site();
    const first = await serving(await started(site));
    const second = await started(site);
    await waitFor(() => second.service.registration.role === 'standby', { what: 'the second stands by' });
    const ready = await call(second, 'GET', '/ready');
    expect(ready.status).toBe(503);
    expect(JSON.stringify(ready.body)).toContain('another instance serves');
    expect(await call(second, 'GET', '/api/v1/nodes')).toMatchObject({ status: 503, body: { code: 'not-ready' } });
    await first[Symbol.asyncDispose]();
    await serving(second);
    expect((await call(second, 'GET', '/api/v1/nodes')).status).toBe(200);
  });

  it('is not waited for when it is the same installation restarted', async () => {
    const site = new Site();
    const disk = newDisk();
    const first = await serving(await started(site, disk));
    first.store.cut();
    const second = await started(site, disk);
    await serving(second);
    const heartbeat = await site.json(keyspace.regionHeartbeat.key({ idc }));
    expect(heartbeat).toMatchObject({ instance: second.service.registration.instance });
  });
});

describe('without etcd', () => {
  it('serves from its snapshot, keeps what machines report, and brings it in later', async () => {
    const site = new Site();
    const disk = newDisk();
    const first = await serving(await started(site, disk));
    await site.approve(first);
    await waitFor(async () => (await site.task()).pxe_configured, { what: 'the approval was noted' });
    await first[Symbol.asyncDispose]();
    const second = await serving(await started(site, disk, { cut: true }));
    expect((await call(second, 'GET', `/api/v1/task/${sn}`)).status).toBe(200);
    expect((await call(second, 'POST', '/api/v1/progress', { json: progress })).body).toMatchObject({ percent: 30 });
    const stranger = { sn: 'new', mac_address: '02:00:00:00:00:01', hardware: {} };
    expect((await call(second, 'POST', '/api/v1/report', { json: stranger, token: null })).status).toBe(202);
    const listed = (await call(second, 'GET', '/api/v1/nodes')).body as unknown as { mac: string }[];
    expect(listed.map((node) => node.mac)).toContain('020000000001');
    const created = await call(second, 'POST', '/api/v1/nodes', { json: { mac: '020000000002' } });
    expect(created).toMatchObject({ status: 503, body: { code: 'store-unavailable' } });
    expect(created.headers.get('retry-after')).not.toBeNull();
    expect((await site.task()).percent).toBe(0);
    const kept = await metric(second, 'rw_region_journal_entries');
    expect([kept > 0, await metric(second, 'rw_region_facts_total{outcome="kept"}')]).toEqual([true, kept]);
    expect((await call(second, 'GET', '/ready')).status).toBe(503);

    const third = await serving(await started(site, disk, { cut: true }));
    expect((await call(third, 'GET', `/api/v1/task/${sn}`)).body).toMatchObject({ percent: 30, status: 'installing' });
    third.store.heal();
    await waitFor(async () => (await site.task()).percent === 30, { what: 'the progress arrives' });
    expect(await site.json(keyspace.unmatched.key({ idc, mac: '020000000001' }))).toMatchObject({ sn: 'new' });
    await waitFor(async () => (await metric(third, 'rw_region_journal_entries')) === 0, {
      what: 'the journal is empty',
    });
    expect(await metric(third, 'rw_region_facts_total{outcome="replayed"}')).toBeGreaterThan(0);
    const types = (await site.events()).map(({ type }) => type);
    for (const type of ['task.started', 'task.progressed', 'machine.reported', 'machine.discovered']) {
      expect(types.filter((each) => each === type)).toHaveLength(1);
    }
  });

  it('has a machine with an unknown token ask again while etcd was not read since the start', async () => {
    const site = new Site();
    const disk = newDisk();
    const first = await serving(await started(site, disk));
    await call(first, 'POST', '/api/v1/nodes', { json: { mac: '020000000002' } });
    await first[Symbol.asyncDispose]();
    // Approved and booted by a region that was killed before its snapshot was written.
    await site.store.transact([], [{ kind: 'put', key: taskKey, value: JSON.stringify(approvedTask()) }]);
    const second = await serving(await started(site, disk, { cut: true }));
    const hardware = { sn, mac_address: mac, hardware: {} };
    for (const [method, path, options] of [
      ['GET', `/api/v1/task/${sn}`, {}],
      ['POST', '/api/v1/progress', { json: progress }],
      ['POST', '/api/v1/report', { json: hardware }],
    ] as const) {
      const answer = await call(second, method, path, options);
      expect(answer).toMatchObject({ status: 503, body: { code: 'store-unavailable' } });
      expect(answer.headers.get('retry-after')).toBe('5');
    }
    expect((await call(second, 'GET', `/api/v1/task/${sn}`, { token: null })).status).toBe(401);
    second.store.heal();
    await waitFor(async () => (await call(second, 'GET', `/api/v1/task/${sn}`)).status === 200, {
      what: 'the token is known',
    });
    expect((await call(second, 'GET', `/api/v1/task/${sn}`, { token: 'f00dfeedf00dfeed' })).status).toBe(401);
  });

  it('does not serve what it never knew, nor what was damaged or belongs to another data centre', async () => {
    const site = new Site();
    const disk = newDisk();
    const first = await serving(await started(site, disk));
    await site.approve(first);
    await first[Symbol.asyncDispose]();
    const part = disk.snapshot.find(({ documentText }) => documentText?.includes('sn-001') === true);
    const text = part?.documentText ?? '';
    expect(text).not.toBe('');
    for (const bad of [text.replace('sn-001', 'sn-00X'), text.replace('"idc":"dc1"', '"idc":"dc2"'), '', 'x\n{}']) {
      if (part !== undefined) part.documentText = bad;
      const region = await started(site, disk, { cut: true });
      await waitFor(() => region.service.registration.role === 'unregistered', { what: 'etcd was tried' });
      expect(region.service.serving.isOpen).toBe(false);
      expect((await call(region, 'GET', `/api/v1/task/${sn}`)).status).toBe(503);
      await region[Symbol.asyncDispose]();
    }
  });

  it('forgets what vanished from etcd while it was down', async () => {
    const site = new Site();
    const disk = newDisk();
    const first = await serving(await started(site, disk));
    await site.approve(first);
    await first[Symbol.asyncDispose]();
    await site.store.transact([], [{ kind: 'delete', key: taskKey }]);
    const second = await serving(await started(site, disk));
    await waitFor(async () => (await call(second, 'GET', `/api/v1/task/${sn}`)).status === 401, {
      what: 'the token of the deleted task is worth nothing',
    });
  });

  it('keeps log lines on disk while NATS is away', async () => {
    const site = new Site();
    const region = await serving(await started(site));
    await site.approve(region);
    region.bus.cut();
    const send = (text: string): ReturnType<typeof call> =>
      call(region, 'POST', '/api/v1/logs', { text: JSON.stringify(text), type: 'application/x-ndjson' });
    for (const text of ['a', 'b', 'c']) expect((await send(text)).status).toBe(202);
    region.bus.heal();
    const at = { idc, sn, task_id: 'task-0a1b2c3d' };
    const stored = await waitFor(
      async () => {
        const lines = await site.bus.readLogs(at, { after: 0, limit: 10 });
        return lines.length >= 3 && lines;
      },
      { what: 'the lines arrive' },
    );
    expect(stored.map(({ line }) => line.text)).toEqual(['a', 'b', 'c']);
  });
});

describe('invalid records', () => {
  it('change nothing, and are listed until they are right', async () => {
    const site = new Site();
    const region = await serving(await started(site));
    const task = await site.approve(region);
    const listed = (): Promise<{ key: string }[]> =>
      call(region, 'GET', '/api/v1/invalid-records').then(({ body }) => body as unknown as { key: string }[]);
    for (const bad of ['{', '{"status":"flying"}', JSON.stringify({ ...task, percent: 'many' })]) {
      await site.store.transact([], [{ kind: 'put', key: taskKey, value: bad }]);
      await waitFor(async () => (await listed()).length === 1, { what: 'the bad record is listed' });
      expect((await call(region, 'GET', `/api/v1/task/${sn}`)).status).toBe(200);
      expect(await metric(region, 'rw_region_invalid_records')).toBe(1);
    }
    const value = JSON.stringify({ ...approvedTask(), hostname: 'good' });
    await site.store.transact([], [{ kind: 'put', key: taskKey, value }]);
    await waitFor(async () => (await listed()).length === 0, { what: 'the list is empty again' });
    expect(await metric(region, 'rw_region_invalid_records')).toBe(0);
    expect((await call(region, 'GET', `/api/v1/task/${sn}`)).body).toMatchObject({ hostname: 'good' });
  });
});
