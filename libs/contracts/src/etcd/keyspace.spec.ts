import 'reflect-metadata';
import { describe, expect, it } from 'vitest';
import { keyspace } from './keyspace.js';

const ids = {
  idc: 'dc1',
  sn: 'sn-001',
  mac: '001a2b3c4d5e',
  ip: '10.0.0.1',
  name: 'lan',
  id: 'c1',
  task_id: 'task-0a1b2c3d',
  instance: 'i1',
};

describe('keyspace', () => {
  it('builds the documented keys', () => {
    expect(keyspace.task.key(ids)).toBe('/os/dc1/machines/sn-001/task');
    expect(keyspace.regionHeartbeat.key(ids)).toBe('/os/region/dc1/heartbeat');
    expect(keyspace.unmatched.key(ids)).toBe('/os/unmatched_reports/dc1/001a2b3c4d5e');
    expect(keyspace.history.key(ids)).toBe('/os/dc1/machines/sn-001/history/task-0a1b2c3d');
  });

  it('parses every kind of key back, and no key is of two kinds', () => {
    for (const contract of Object.values(keyspace)) {
      const key = contract.key(ids);
      const kinds = Object.values(keyspace).filter((other) => other.parse(key) !== undefined);
      expect(kinds.map((kind) => kind.pattern)).toEqual([contract.pattern]);
      expect(contract.parse(key)).toEqual(Object.fromEntries(contract.parts.map((part) => [part, ids[part]])));
    }
  });

  it('refuses identifiers that would leave their segment', () => {
    expect(() => keyspace.server.key({ idc: 'dc1', sn: 'a/b' })).toThrow(RangeError);
    expect(() => keyspace.server.key({ idc: '', sn: 'a' })).toThrow(RangeError);
  });
});
