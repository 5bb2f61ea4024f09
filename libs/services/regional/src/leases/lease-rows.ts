import { isLeaseListed, type ListLeases } from '@rackwright/contracts';
import type { LeaseTable } from '@rackwright/domain-netboot';
import { formatMac, ipv4ToNumber } from '@rackwright/kernel';
import type { LeaseRow } from '../boot-plane.port.js';

/** The leases that a query asks for, by address. */
export function leaseRowsOf(table: Pick<LeaseTable, 'all'>, query: ListLeases): readonly LeaseRow[] {
  const rows = [...table.all()].filter((lease) => isLeaseListed(query, lease));
  rows.sort((left, right) => ipv4ToNumber(left.ip) - ipv4ToNumber(right.ip));
  return rows.map(({ mac, ...lease }) => (mac === undefined ? lease : { ...lease, mac: formatMac(mac) }));
}
