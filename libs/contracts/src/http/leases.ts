import { leaseStates, type LeaseState } from '@rackwright/domain-netboot';
import type { Ipv4, Mac } from '@rackwright/kernel';
import { EnumField, Ipv4Field, MacField, TextField } from '../fields/index.js';
import { PageQuery } from './paging.js';

/** `GET /api/v1/leases/:idc`, and `GET /api/v1/pxe/dhcp/leases` of a region. */
export class ListLeases extends PageQuery {
  @MacField({ optional: true }) readonly mac?: Mac;
  @Ipv4Field({ description: 'Only this address', optional: true }) readonly ip?: Ipv4;
  @EnumField({ description: 'Only leases in this state', optional: true, values: leaseStates })
  readonly state?: LeaseState;
  @TextField({ description: 'Only addresses of this subnet', optional: true, maxLength: 64 }) readonly subnet?: string;
  @TextField({ description: 'Only of the machine that calls itself this (any case)', optional: true, maxLength: 255 })
  readonly hostname?: string;
}

type ListedLease = Pick<ListLeases, 'mac' | 'hostname'> & Required<Pick<ListLeases, 'ip' | 'state' | 'subnet'>>;

/** Whether a lease is among those a query asks for. */
export function isLeaseListed(query: ListLeases, lease: ListedLease): boolean {
  const { mac, ip, state, subnet, hostname } = query;
  return (
    isAsked(mac, lease.mac) &&
    isAsked(ip, lease.ip) &&
    isAsked(state, lease.state) &&
    isAsked(subnet, lease.subnet) &&
    isAsked(hostname?.toLowerCase(), lease.hostname?.toLowerCase())
  );
}

function isAsked(wanted: string | undefined, value: string | undefined): boolean {
  return wanted === undefined || wanted === value;
}
