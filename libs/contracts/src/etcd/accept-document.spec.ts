import 'reflect-metadata';
import type { ClassConstructor } from 'class-transformer';
import { IsDefined, IsString, Matches } from 'class-validator';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TextField } from '../fields/index.js';
import { HardwareReport } from '../http/agent.js';
import { PutSubnet } from '../http/network.js';
import { ListTasks } from '../http/tasks.js';
import { acceptDocument } from './accept-document.js';
import { judgeDocument } from './record-codec.js';
import { LeaseRecord, MachineMetaRecord, NodeRecord, OutboxRecord, ServerRecord, TaskRecord } from './records.js';

const AT = '2026-11-20T12:00:00.000Z';
const MAC = '001a2b3c4d5e';
const hardware = {
  cpu: { model: 'x', sockets: 2 },
  memory: { total_gb: 64, dimms: [{ slot: 'A1', size_gb: 64 }] },
  disks: [{ device: '/dev/sda', size_gb: 480 }, { device: '/dev/sdb' }],
  network: [{ interface: 'eth0', mac: '00:1A:2B:3C:4D:5E', link: true }],
  bmc: { address: '10.0.0.9' },
};
const task = {
  ...{ idc: 'dc1', sn: 'sn-001', mac: MAC, os_type: 'Ubuntu 22.04', os_version: '22.04', profile: 'ubuntu-22.04' },
  ...{ task_id: 'task-0a1b2c3d', status: 'installing', attempt: 1, percent: 40, pxe_configured: true, event_count: 3 },
  progress: [{ step: 'os_install', percent: 40, timestamp: AT, message: 'constructor' }],
  logs: ['one', 'two'],
  status_history: [{ status: 'pending', timestamp: AT, by: 'x', reason: 'created' }],
  ...{ created_at: AT, updated_at: AT, created_by: 'x', ip: '10.0.0.7', packages: ['vim'], tags: { rack: 'r1' } },
  boot: { token: 'f'.repeat(64), boots: 1, operations_done: [] },
};

const valid: readonly (readonly [ClassConstructor<object>, object])[] = [
  [TaskRecord, task],
  [HardwareReport, { sn: 'a', mac_address: '00:1a:2b:3c:4d:5e', hardware, collected_at: '2026-11-20T13:00:00+01:00' }],
  [MachineMetaRecord, { sn: 'a', mac: MAC, hardware, reported_at: AT }],
  [ServerRecord, { sn: 'a', status: 'registered', mac: MAC, added_at: AT, labels: { rack: 'r1' }, maintenance: false }],
  [NodeRecord, { mac: MAC, idc: 'dc1', status: 'online', dns: ['10.0.0.1'], created_at: AT, updated_at: AT }],
  [
    LeaseRecord,
    { ip: '10.0.0.7', mac: MAC, subnet: 'lan', state: 'active', granted_at: AT, expires_at: AT, version: 1 },
  ],
  [OutboxRecord, { id: 'i-1', type: 'task.created', idc: 'dc1', subject: 'task/a', at: AT, data: { attempt: 1 } }],
  [PutSubnet, { cidr: '10.0.0.0/24', pools: [{ start: '10.0.0.10', end: '10.0.0.20' }], dns: ['10.0.0.1'] }],
  [ListTasks, { idc: 'dc1', limit: '10', status: 'pending' }],
];

const junk = fc.oneof(
  fc.constantFrom(null, undefined, '', 'a\nb', '../x', -1, 1.5, 1e21, true, [], {}, [null], [{}], 'task-0a1b2c3d'),
  fc.constantFrom({ constructor: 1 }, JSON.parse('{"__proto__":{"a":1}}') as unknown, { a: { b: [{ prototype: 0 }] } }),
  fc.jsonValue(),
);

/** A copy of `document` with the value at `path` replaced, or gone. */
function replaced(document: unknown, path: readonly number[], value: unknown): unknown {
  const [first, ...rest] = path;
  if (typeof document !== 'object' || document === null || first === undefined) return value;
  const keys = Object.keys(document);
  const key = keys[first % (keys.length + 1)] ?? 'added';
  const copy: Record<string, unknown> = Array.isArray(document)
    ? ([...(document as unknown[])] as never)
    : { ...document };
  copy[key] = replaced(copy[key], rest, value);
  return copy;
}

describe('acceptDocument', () => {
  it.each(valid)('accepts a valid %o as class-validator does', (schema, document) => {
    const judged = judgeDocument(schema, document, {});
    expect(judged.ok && judged.value).toEqual(acceptDocument(schema, document, { isLenient: false }));
    expect(acceptDocument(schema, document, { isLenient: false })).toBeInstanceOf(schema);
  });

  it.each(valid)('accepts nothing of %o that class-validator refuses or reads otherwise', (schema, document) => {
    const place = fc.array(fc.nat(30), { minLength: 1, maxLength: 5 });
    const changes = fc.array(fc.tuple(place, junk), { minLength: 1, maxLength: 2 });
    fc.assert(
      fc.property(changes, fc.boolean(), (made, isLenient) => {
        const mutated = made.reduce<unknown>((at, [path, value]) => replaced(at, path, value), document);
        const changed = JSON.parse(JSON.stringify(mutated)) as object;
        const accepted = acceptDocument(schema, changed, { isLenient });
        if (accepted === undefined) return;
        expect(judgeDocument(schema, changed, { lenient: isLenient })).toEqual({ ok: true, value: accepted });
      }),
      { numRuns: 300 },
    );
  });

  it('leaves classes with rules of their own to class-validator', () => {
    class Plain {
      @IsString() readonly name!: string;
    }
    class Mixed {
      @Matches(/^b/) @TextField({ description: 'Name' }) readonly name!: string;
    }
    class Extended extends Mixed {
      @IsDefined() readonly other!: unknown;
    }
    for (const schema of [Plain, Mixed, Extended]) {
      expect(acceptDocument<object>(schema, { name: 'a', other: 1 }, { isLenient: false })).toBeUndefined();
    }
  });
});
