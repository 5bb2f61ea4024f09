import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keyspace, type FieldProblem } from '@rackwright/contracts';
import { waitFor } from '@rackwright/testing';
import { call, idc, mac, Site, sn, type Region } from '../region-rig.spec.js';

let site: Site;
let region: Region;

beforeEach(async () => {
  site = new Site();
  region = await site.start();
  await waitFor(() => region.service.serving.isOpen, { what: 'the region serves' });
});

afterEach(async () => {
  await region[Symbol.asyncDispose]();
});

const who = { sn, mac_address: '00:1A:2B:3C:4D:5E' };
const progress = { ...who, task_id: 'task-0a1b2c3d', step: 'os_install', percent: 40, message: 'copying' };

async function ask(verb: string, body: object = { sn }): Promise<Record<string, unknown>> {
  const answer = await call(region, 'POST', `/api/v1/${verb}`, { json: body });
  expect(answer.status).toBe(200);
  return answer.body;
}

describe('agent API', () => {
  it('takes an agent through its installation', async () => {
    await site.approve(region);
    expect(await ask('report', { ...who, hardware: { cpu: { cores: 8 } } })).toMatchObject({ status: 'installing' });
    expect(await ask('device/isInInstallQueue')).toEqual({ result: true });
    expect(await ask('device/getHardwareConfig')).toEqual({ task_id: 'task-0a1b2c3d', steps: [] });
    for (const operation of ['hardware_config', 'network_config', 'os_install', 'reboot']) {
      expect(await ask('device/getNextOperation')).toMatchObject({ operation });
      expect(await ask('device/getNextOperation')).toMatchObject({ operation });
      await ask('device/operationComplete', { sn, operation, success: true });
    }
    expect(await ask('device/getNextOperation')).toMatchObject({ operation: 'complete' });
    expect(await ask('device/isInInstallQueue')).toEqual({ result: false });
    await ask('device/installComplete', { sn, status: 'success' });
    expect(await site.task()).toMatchObject({ status: 'completed', percent: 100 });
    expect(await site.json(keyspace.node.key({ idc, mac }))).toMatchObject({ status: 'installed', sn });
    expect(await site.json(keyspace.meta.key({ idc, sn }))).toMatchObject({ hardware: { cpu: { cores: 8 } } });
    const types = (await site.events()).map(({ type }) => type);
    for (const type of ['task.started', 'task.completed', 'machine.reported']) {
      expect(types.filter((each) => each === type)).toHaveLength(1);
    }
    expect(types.filter((type) => type === 'node.status_changed')).toHaveLength(2);
  });

  it('answers the install plan from task and profile', async () => {
    const disk_layout = { raid: [{ level: 1 }, { level: 5 }], bios: { boot: 'uefi' } };
    await site.approve(region, { disk_layout, hostname: 'node-1', packages: ['vim'], kernel_args: 'quiet' });
    expect(await ask('device/getOSInstallConfig')).toMatchObject({
      profile: 'ubuntu-22.04',
      format: 'autoinstall',
      kernel_url: `${region.url}/static/ubuntu/22.04/amd64/vmlinuz`,
      packages: ['vim'],
      network: { mac: '00:1a:2b:3c:4d:5e', hostname: 'node-1' },
      kernel_args: 'autoinstall ip=dhcp quiet',
      disk_layout,
    });
    expect(await ask('device/getHardwareConfig')).toMatchObject({
      steps: [
        { kind: 'raid', settings: { level: 1 } },
        { kind: 'raid', settings: { level: 5 } },
        { kind: 'bios', settings: { boot: 'uefi' } },
      ],
    });
  });

  it('shows the task without its token', async () => {
    await site.approve(region);
    const answer = await call(region, 'GET', `/api/v1/task/${sn}`);
    expect(answer.body).toMatchObject({ sn, mac: '00:1a:2b:3c:4d:5e', status: 'approved' });
    expect(JSON.stringify(answer.body)).not.toContain('f00dfeed');
    expect((await call(region, 'GET', '/api/v1/task/other')).status).toBe(404);
  });

  it('never lets the percentage go back, and refuses reports of another attempt', async () => {
    await site.approve(region);
    expect(await ask('progress', progress)).toMatchObject({ percent: 40 });
    expect(await ask('progress', { ...progress, percent: 20, message: 'again' })).toMatchObject({ percent: 40 });
    const other = await call(region, 'POST', '/api/v1/progress', { json: { ...progress, task_id: 'task-ffffffff' } });
    expect(other).toMatchObject({ status: 409, body: { code: 'task-mismatch' } });
    expect((await site.task()).percent).toBe(40);
  });

  it('takes two reports of one machine within a millisecond for two', async () => {
    await site.approve(region);
    const percents = Array.from({ length: 20 }, (_, index) => index + 1);
    await Promise.all(percents.map((percent) => ask('progress', { ...progress, percent, step: `s${percent}` })));
    expect((await site.task()).progress).toHaveLength(20);
  });

  it('fails the task when the agent says so', async () => {
    await site.approve(region);
    await ask('device/operationComplete', { sn, operation: 'os_install', success: false, message: 'disk died' });
    expect(await site.task()).toMatchObject({ status: 'failed' });
    expect((await site.task()).status_history.at(-1)?.reason).toContain('disk died');
    expect(await site.json(keyspace.node.key({ idc, mac }))).toMatchObject({ status: 'failed' });
    const late = await call(region, 'POST', '/api/v1/progress', { json: progress });
    expect(late).toMatchObject({ status: 409, body: { code: 'task-not-installing' } });
  });

  it.each([
    ['none', null],
    ['a wrong one', 'f00dfeedf00dfeedf00dfeedf00dfeef'],
    ['an overlong one', 'x'.repeat(600)],
  ])('turns away who has a boot token that is %s', async (_, token) => {
    const before = await site.approve(region);
    await waitFor(async () => (await site.task()).pxe_configured, { what: 'the approval was noted' });
    const verbs: [string, object][] = [
      ['progress', progress],
      ['device/isInInstallQueue', { sn }],
      ['device/getNextOperation', { sn }],
      ['device/getHardwareConfig', { sn }],
      ['device/getOSInstallConfig', { sn }],
      ['device/operationComplete', { sn, operation: 'reboot', success: true }],
      ['device/installComplete', { sn, status: 'success' }],
    ];
    for (const [verb, json] of verbs) {
      const answer = await call(region, 'POST', `/api/v1/${verb}`, { json, token });
      expect(answer).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
    }
    const logs = { text: '"x"\n', type: 'application/x-ndjson', token };
    expect((await call(region, 'POST', '/api/v1/logs', logs)).status).toBe(401);
    expect((await call(region, 'GET', `/api/v1/task/${sn}`, { token })).status).toBe(401);
    expect(await site.task()).toEqual({ ...before, pxe_configured: true });
  });

  it('turns away a machine that speaks for another', async () => {
    await site.approve(region);
    const answer = await call(region, 'POST', '/api/v1/device/installComplete', {
      json: { sn: 'sn-002', status: 'failed' },
    });
    expect(answer.status).toBe(401);
    const lines = { text: '{"sn":"sn-002","text":"x"}\n', type: 'application/x-ndjson' };
    expect((await call(region, 'POST', '/api/v1/logs', lines)).status).toBe(401);
  });

  it('stores what a stranger reports, once and with the time it was first seen', async () => {
    const report = { sn: 'new', mac_address: '02:00:00:00:00:01', hardware: { memory: { total_gb: 64 } } };
    const answer = await call(region, 'POST', '/api/v1/report', { json: report, token: null });
    expect(answer).toMatchObject({ status: 202, body: { retry_after: 30 } });
    await call(region, 'POST', '/api/v1/report', { json: report, token: null });
    const stored = await site.json(keyspace.unmatched.key({ idc, mac: '020000000001' }));
    expect(stored).toMatchObject({ sn: 'new', hardware: { memory: { total_gb: 64 } } });
    expect(await site.json(keyspace.node.key({ idc, mac: '020000000001' }))).toMatchObject({ status: 'discovered' });
    const types = (await site.events()).map(({ type }) => type).sort();
    expect(types).toEqual(['machine.discovered', 'machine.reported']);
  });

  it('brings log lines to the stream, and the newest into the task', async () => {
    await site.approve(region);
    const lines = [{ text: 'one', id: 'a' }, 'two\u001b[31m', { text: 'three', sn, task_id: 'task-0a1b2c3d' }];
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    for (let sent = 0; sent < 2; sent += 1) {
      const answer = await call(region, 'POST', '/api/v1/logs', { text, type: 'application/x-ndjson' });
      expect(answer.status).toBe(202);
    }
    const source = { idc, sn, task_id: 'task-0a1b2c3d' };
    // Lines that the stream did not take in time come a moment later, by way of the disk.
    const stored = await waitFor(
      async () => {
        const lines = await site.bus.readLogs(source, { after: 0, limit: 100 });
        return lines.length >= 5 && lines;
      },
      { what: 'the lines are in the stream' },
    );
    expect(stored.map(({ line }) => line.text)).toEqual(['one', 'two [31m', 'three', 'two [31m', 'three']);
    const tail = await waitFor(async () => (await site.task()).logs.length >= 6 && (await site.task()).logs, {
      what: 'the task has the log tail',
    });
    expect(tail.slice(0, 3)).toEqual(['one', 'two [31m', 'three']);
  });

  it.each([
    ['no JSON', 'nonsense\n', '/0'],
    ['no text', '{"text":"x"}\n{"sn":"sn-001"}\n', '/1/text'],
    ['an unknown field', '{"text":"x","level":1}\n', '/0/level'],
    ['a list', '["x"]\n', '/0'],
  ])('refuses log lines with %s', async (_, text, pointer) => {
    await site.approve(region);
    const answer = await call(region, 'POST', '/api/v1/logs', { text, type: 'application/x-ndjson' });
    expect(answer.status).toBe(400);
    const pointers = (answer.body['errors'] as FieldProblem[]).map((problem) => problem.pointer);
    expect(new Set(pointers)).toEqual(new Set([pointer]));
  });

  it('bounds log requests', async () => {
    await site.approve(region);
    const type = 'application/x-ndjson';
    expect((await call(region, 'POST', '/api/v1/logs', { text: '"x"\n'.repeat(1_001), type })).status).toBe(413);
    expect((await call(region, 'POST', '/api/v1/logs', { text: `"${'x'.repeat(2_000_000)}"`, type })).status).toBe(413);
    expect((await call(region, 'POST', '/api/v1/logs', { text: '{}', type: 'application/json' })).status).toBe(415);
    expect((await call(region, 'POST', '/api/v1/logs', { text: 'x', type: 'text/plain' })).status).toBe(415);
  });

  it('attaches liveness of an agent to a lease', async () => {
    await site.approve(region);
    await ask('device/getNextOperation');
    const entry = await waitFor(() => site.store.get(keyspace.liveness.key({ idc, sn })), { what: 'liveness' });
    expect(entry.leaseId).toBeDefined();
    expect(JSON.parse(entry.value)).toMatchObject({ task_id: 'task-0a1b2c3d' });
  });

  it('pages through status lists', async () => {
    const first = await call(region, 'GET', '/api/v1/pxe/dhcp/leases?limit=2');
    expect(first.body).toMatchObject([{ ip: '10.0.0.10' }, { ip: '10.0.0.11' }]);
    expect(first.headers.get('x-total-count')).toBe('3');
    const next = /<([^>]+)>; rel="next"/.exec(first.headers.get('link') ?? '')?.[1] ?? '';
    expect((await call(region, 'GET', next)).body).toMatchObject([{ ip: '10.0.0.12' }]);
  });

  it.each(['mac=zz', 'ip=10.0.0', 'state=gone', 'color=red', 'limit=0', 'limit=1001'])(
    'refuses leases by %s and names the field',
    async (query) => {
      const { status, body } = await call(region, 'GET', `/api/v1/pxe/dhcp/leases?${query}`);
      const errors = body['errors'] as readonly FieldProblem[];
      expect([status, errors.map(({ pointer }) => pointer)]).toEqual([400, [`/${query.split('=')[0] ?? ''}`]]);
    },
  );

  it('notes that it saw an approval', async () => {
    await site.approve(region);
    await waitFor(async () => (await site.task()).pxe_configured, { what: 'pxe_configured' });
  });
});
