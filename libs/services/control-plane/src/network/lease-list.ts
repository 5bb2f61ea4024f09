import { formatMac, ipv4ToNumber, type Idc } from '@rackwright/kernel';
import { isLeaseListed, keyspace, type LeaseRecord, type ListLeases } from '@rackwright/contracts';
import { pageItems, type Page } from '../http/page-items.js';
import type { StateView } from '../state-view/state-view.js';
import { folderOf } from '../store/folder-of.js';

/** A lease as the API shows it. */
export interface LeaseView extends Omit<LeaseRecord, 'mac'> {
  readonly idc: string;
  /** Colon spelling; absent for an address in quarantine. */
  readonly mac?: string;
}

const IPV4_NUMBER_DIGITS = 10;

function leaseView(idc: string, lease: LeaseRecord): LeaseView {
  const { mac, ...rest } = lease;
  return { ...rest, idc, ...(mac === undefined ? {} : { mac: formatMac(mac) }) };
}

/** The leases of an IDC that a query asks for, by address. */
export async function listLeases(view: StateView, idc: Idc, query: ListLeases): Promise<Page<LeaseView>> {
  const state = await view.fresh(folderOf(keyspace.lease.key({ idc, ip: '-' })));
  const asked = state.leases.list(idc).filter(({ value }) => isLeaseListed(query, value));
  const page = pageItems(asked, query, {
    placeOf: ({ value }) => String(ipv4ToNumber(value.ip)).padStart(IPV4_NUMBER_DIGITS, '0'),
  });
  return { ...page, items: page.items.map(({ value }) => leaseView(idc, value)) };
}
