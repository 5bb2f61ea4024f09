import 'reflect-metadata';
import { describe, expect, it } from 'vitest';
import { checkDocument } from '../etcd/record-codec.js';
import { ExplainBoot, explainBootProblems, MAX_EXPLAINED_PACKET_BYTES, ReplayBoot } from './boot.js';

const mac = '52:54:00:aa:00:01';

function explained(document: object): ExplainBoot {
  const checked = checkDocument(ExplainBoot, document);
  if (!checked.ok) throw new Error(JSON.stringify(checked.fault));
  return checked.value;
}

const pointersOf = (document: object): readonly string[] =>
  explainBootProblems(explained(document)).map(({ pointer }) => pointer);

function refusedFields(schema: new () => object, document: unknown): readonly string[] {
  const checked = checkDocument(schema, document);
  return checked.ok ? [] : [...new Set(checked.fault.errors.map(({ pointer }) => pointer))];
}

describe('a request to explain', () => {
  it('takes a machine described by its facts, or a packet', () => {
    expect(pointersOf({ mac, arch: 7, user_class: 'iPXE', giaddr: '10.0.0.1', relay: { circuit_id: '0a' } })).toEqual(
      [],
    );
    expect(pointersOf({ packet: '01Ff', service: 'boot-server', interface: 'eth0.7', source_port: 68 })).toEqual([]);
  });

  it('names both forms when neither is given, and every fact given beside a packet', () => {
    expect(pointersOf({ arch: 7 })).toEqual(['/mac', '/packet']);
    expect(pointersOf({ packet: '01', mac, arch: 7 })).toEqual(['/mac', '/arch']);
  });

  it.each([
    ['packet', '0'],
    ['packet', '0x01'],
    ['packet', 'zz'],
    ['packet', ''],
    ['packet', '00'.repeat(MAX_EXPLAINED_PACKET_BYTES + 1)],
    ['mac', '52:54:00:aa:00'],
    ['mac', 'ff:ff:ff:ff:ff:ff'],
    ['arch', 65_536],
    ['arch', '7'],
    ['client', 'windows'],
    ['type', 'offer'],
    ['giaddr', '10.0.0'],
    ['client_id', '0'],
    ['interface', '../eth0'],
    ['source_port', 0],
  ])('refuses %s = %j', (field, value) => {
    expect(refusedFields(ExplainBoot, { [field]: value })).toEqual([`/${field}`]);
  });

  it('refuses a replay of nothing, of too much, and of what is not hexadecimal', () => {
    expect(refusedFields(ReplayBoot, { packets: [] })).toEqual(['/packets']);
    expect(refusedFields(ReplayBoot, { packets: Array.from({ length: 51 }, () => ({ packet: '00' })) })).toEqual([
      '/packets',
    ]);
    expect(refusedFields(ReplayBoot, { packets: [{ packet: '00' }, { packet: '0' }] })).toEqual(['/packets/1/packet']);
  });
});
