import { describe, expect, it } from 'vitest';
import { LeaseTable, type Lease } from '@rackwright/domain-netboot';
import { parseInstant, parseIpv4, parseMac } from '@rackwright/kernel';
import { leaseRowsOf } from './lease-rows.js';

function lease(ip: string, more: Partial<Lease>): Lease {
  const parsed = parseIpv4(ip);
  const at = parseInstant('2026-01-01T00:00:00Z');
  if (parsed === undefined || at === undefined) throw new Error(ip);
  return { ip: parsed, subnet: 'lan', state: 'active', granted_at: at, expires_at: at, version: 1, ...more };
}

const mac = parseMac('02:00:00:00:00:0a');
if (mac === undefined) throw new Error('mac');
const table = new LeaseTable();
table.restore(lease('10.0.0.10', { mac, hostname: 'web' }));
table.restore(lease('10.0.0.9', { state: 'declined' }));
table.restore(lease('10.1.0.1', { mac, subnet: 'far', state: 'released' }));

describe('leaseRowsOf', () => {
  it('orders by address and spells MACs with colons', () => {
    expect(leaseRowsOf(table, {}).map((row) => [row.ip, row.mac])).toEqual([
      ['10.0.0.9', undefined],
      ['10.0.0.10', '02:00:00:00:00:0a'],
      ['10.1.0.1', '02:00:00:00:00:0a'],
    ]);
  });

  it('gives those that match everything asked for', () => {
    expect(leaseRowsOf(table, { mac }).map(({ ip }) => ip)).toEqual(['10.0.0.10', '10.1.0.1']);
    expect(leaseRowsOf(table, { mac, subnet: 'far' }).map(({ ip }) => ip)).toEqual(['10.1.0.1']);
    expect(leaseRowsOf(table, { state: 'declined' }).map(({ ip }) => ip)).toEqual(['10.0.0.9']);
    expect(leaseRowsOf(table, { hostname: 'WEB' }).map(({ ip }) => ip)).toEqual(['10.0.0.10']);
    expect(leaseRowsOf(table, { hostname: 'none' })).toEqual([]);
  });
});
