import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  DeviceQuestion,
  ExplainBoot,
  fieldsOf,
  HardwareReport,
  InstallComplete,
  LogEntry,
  OperationComplete,
  ProgressReport,
  ReplayBoot,
  type FieldProblem,
  type FieldSpec,
} from '@rackwright/contracts';
import type { Task } from '@rackwright/domain-provisioning';
import { waitFor } from '@rackwright/testing';
import { call, Site, sn, type Answer, type Region } from '../region-rig.spec.js';

const mac_address = '00:1a:2b:3c:4d:5e';
const verbs = [
  { path: 'report', dto: HardwareReport, good: { sn, mac_address, hardware: {} } },
  {
    path: 'progress',
    dto: ProgressReport,
    good: { sn, mac_address, task_id: 'task-0a1b2c3d', step: 'os_install', percent: 1 },
  },
  { path: 'logs', dto: LogEntry, good: { text: 'x' } },
  { path: 'device/isInInstallQueue', dto: DeviceQuestion, good: { sn } },
  { path: 'device/getNextOperation', dto: DeviceQuestion, good: { sn } },
  { path: 'device/getHardwareConfig', dto: DeviceQuestion, good: { sn } },
  { path: 'device/getOSInstallConfig', dto: DeviceQuestion, good: { sn } },
  { path: 'device/operationComplete', dto: OperationComplete, good: { sn, operation: 'reboot', success: true } },
  { path: 'device/installComplete', dto: InstallComplete, good: { sn, status: 'success' } },
  { path: 'boot/explain', dto: ExplainBoot, good: { mac: mac_address } },
  { path: 'boot/replay', dto: ReplayBoot, good: { packets: [{ packet: '00' }] } },
] as const;

/** Texts that mean something to a shell, a path, a script, a terminal or a log. */
const hostile = ['../../etc/passwd', 'a\nb', "a'; reboot #", '$(reboot)', '\u0000', '\u001b[2J', '"', ''];
const narrow: readonly FieldSpec['kind'][] = ['idc', 'sn', 'mac', 'ipv4', 'cidr', 'instant', 'enum'];

function wrongValues(field: FieldSpec): readonly unknown[] {
  const { kind, min, max, maxLength } = field;
  const isNumber = kind === 'number' || kind === 'integer';
  const attacks: [applies: boolean, values: readonly unknown[]][] = [
    [true, [null, [[]]]],
    [kind !== 'boolean', [true]],
    [!isNumber, [7]],
    [!['object', 'json', 'map'].includes(kind), [{}]],
    [kind !== 'text', ['surely not valid \u0007']],
    [narrow.includes(kind), [...hostile, 'x'.repeat(4_096)]],
    [kind === 'text', ['x'.repeat((maxLength ?? 0) + 1), 'a\u0000b']],
    [isNumber, [(min ?? 0) - 1, (max ?? 0) + 1, '1']],
  ];
  return attacks.flatMap(([applies, values]) => (applies ? values : []));
}

let site: Site;
let region: Region;
let before: Task;

beforeAll(async () => {
  site = new Site();
  region = await site.start();
  await waitFor(() => region.service.serving.isOpen, { what: 'the region serves' });
  await site.approve(region);
  before = await waitFor(async () => (await site.task()).pxe_configured && site.task(), { what: 'approval noted' });
});

afterAll(async () => {
  await region[Symbol.asyncDispose]();
});

async function send(path: string, body: object): Promise<Answer> {
  if (path !== 'logs') return call(region, 'POST', `/api/v1/${path}`, { json: body });
  return call(region, 'POST', '/api/v1/logs', { text: JSON.stringify(body), type: 'application/x-ndjson' });
}

function expectRefused(path: string, answer: Answer, field: string): void {
  expect(answer.status).toBe(400);
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  const root = path === 'logs' ? '/0' : '';
  const pointers = ((answer.body['errors'] ?? []) as FieldProblem[]).map(({ pointer }) => pointer);
  expect(pointers.some((pointer) => pointer === `${root}/${field}` || pointer.startsWith(`${root}/${field}/`))).toBe(
    true,
  );
}

describe.each(verbs)('POST /api/v1/$path', ({ path, dto, good }) => {
  it('refuses every wrong value of every field by name and changes nothing', async () => {
    let tried = 0;
    for (const field of fieldsOf(dto)) {
      for (const wrong of wrongValues(field)) {
        expectRefused(path, await send(path, { ...good, [field.name]: wrong }), field.name);
        tried += 1;
      }
      if (!field.required) continue;
      expectRefused(path, await send(path, { ...good, [field.name]: undefined }), field.name);
    }
    expect(tried).toBeGreaterThan(5);
    expect(await site.task()).toEqual(before);
  });

  it('refuses fields it does not know', async () => {
    expectRefused(path, await send(path, { ...good, surprise: 1 }), 'surprise');
    const proto = await call(region, 'POST', `/api/v1/${path}`, {
      text: `{"__proto__":{"sn":"x"},${JSON.stringify(good).slice(1)}`,
      type: path === 'logs' ? 'application/x-ndjson' : 'application/json',
    });
    expect(proto.status).toBe(400);
    expect(await site.task()).toEqual(before);
  });

  it.each(['', 'null', '[]', '"text"', '{', '{"sn":}', '\u0000', '{}'.repeat(2)])(
    'refuses the body %j',
    async (text) => {
      // No lines, and a line that is a JSON string, are right for the log verb.
      if (path === 'logs' && (text === '' || text === '"text"')) return;
      const type = path === 'logs' ? 'application/x-ndjson' : 'application/json';
      expect((await call(region, 'POST', `/api/v1/${path}`, { text, type })).status).toBe(400);
    },
  );
});
