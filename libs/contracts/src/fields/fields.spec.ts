import 'reflect-metadata';
import { describe, expect, it } from 'vitest';
import { checkDocument, decodeRecord } from '../etcd/record-codec.js';
import { HardwareReport } from '../http/agent.js';
import { CreateTask } from '../http/tasks.js';
import { fieldsOf } from './index.js';

const valid = { idc: 'dc1', sn: 'sn-001', mac: '00-1A-2B-3C-4D-5E', os_type: 'Ubuntu 22.04', os_version: '22.04' };

function pointersOf(document: unknown): readonly string[] {
  const checked = checkDocument(CreateTask, document);
  return checked.ok ? [] : [...new Set(checked.fault.errors.map((error) => error.pointer))];
}

describe('checkDocument', () => {
  it('accepts the minimal request and puts values into their canonical form', () => {
    expect(checkDocument(CreateTask, valid)).toEqual({ ok: true, value: { ...valid, mac: '001a2b3c4d5e' } });
  });

  it('keeps free-form documents exactly as they were sent', () => {
    const disk_layout = { partitions: [{ mount: '/', size: 0 }] };
    expect(checkDocument(CreateTask, { ...valid, disk_layout })).toMatchObject({ ok: true, value: { disk_layout } });
  });

  it('names every bad field at once', () => {
    const bad = { ...valid, idc: 7, sn: null, hostname: 'a\nb', ip: '1.2.3', tags: { '..': 'x' }, bogus: 1 };
    expect(pointersOf(bad).toSorted()).toEqual(['/bogus', '/hostname', '/idc', '/ip', '/sn', '/tags']);
  });

  it.each([
    ['hostname', "a'b"],
    ['hostname', '$(reboot)'],
    ['kernel_args', 'a"b'],
    ['kernel_args', 'a\nboot'],
    ['kernel_args', '${net0/mac}'],
    ['ssh_keys', ['ssh-ed25519 AAAA\ncommand']],
    ['packages', ['vim; reboot']],
    ['os_type', '../etc'],
    ['profile', 'a/b'],
    ['disk_layout', null],
    ['disk_layout', [1]],
    ['disk_layout', { a: 'x'.repeat(20_000) }],
    ['auto_approve', 'true'],
    ['priority', '5'],
  ])('refuses %s = %j', (field, value) => {
    expect(pointersOf({ ...valid, [field]: value })).toEqual([`/${field}`]);
  });

  it('refuses keys that mean something to the language, wherever they stand, and bottomless documents', () => {
    const nested = (depth: number): unknown => JSON.parse('{"a":'.repeat(depth) + '1' + '}'.repeat(depth)) as unknown;
    expect(pointersOf({ ...valid, disk_layout: { a: [{ constructor: 'x' }] } })).toEqual([
      '/disk_layout/a/0/constructor',
    ]);
    expect(pointersOf({ ...valid, constructor: 1 })).toEqual(['/constructor']);
    expect(pointersOf(JSON.parse('{"__proto__":{"idc":"dc1"}}'))).toEqual(['/__proto__']);
    expect(pointersOf({ ...valid, disk_layout: nested(9) })).toEqual(['/disk_layout']);
    expect(pointersOf({ ...valid, bogus: nested(50_000) })).toEqual(['']);
  });

  it.each([null, [], 'text', 7, undefined])('refuses %j as a document', (document) => {
    expect(pointersOf(document)).toEqual(['']);
  });

  it('points into nested documents', () => {
    const hardware = { disks: [{ device: '/dev/sda' }, {}], network: [{ interface: 'eth0', mac: 'zz' }] };
    const checked = checkDocument(HardwareReport, { sn: 'a', mac_address: valid.mac, hardware });
    const pointers = checked.ok ? [] : checked.fault.errors.map((error) => error.pointer);
    expect(new Set(pointers)).toEqual(new Set(['/hardware/disks/1/device', '/hardware/network/0/mac']));
  });
});

describe('decodeRecord', () => {
  it('drops what a newer version added and reports what is broken', () => {
    expect(decodeRecord(CreateTask, JSON.stringify({ ...valid, added_later: 1 }))).toMatchObject({ ok: true });
    expect(decodeRecord(CreateTask, '{')).toMatchObject({ ok: false, fault: { code: 'invalid-json' } });
    expect(decodeRecord(CreateTask, '{}')).toMatchObject({ ok: false, fault: { code: 'invalid-document' } });
  });
});

describe('fieldsOf', () => {
  it('lists the fields of a class as data', () => {
    expect(
      fieldsOf(CreateTask)
        .filter((field) => field.required)
        .map((field) => field.name),
    ).toEqual(['idc', 'sn', 'mac', 'os_type', 'os_version']);
  });
});
