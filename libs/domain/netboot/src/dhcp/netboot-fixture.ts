import { parseCidr, parseIpv4, parseMac, type EpochMs, type Ipv4, type Mac } from '@rackwright/kernel';
import { LeaseTable, type LeaseWrite } from '../leases/lease-table.js';
import type { Reservation, Subnet } from '../site-data.js';
import { decide } from './decide.js';
import type { DhcpDecision } from './dhcp-decision.js';
import type { Arrival, DhcpRequest } from './dhcp-request.js';
import type { NetbootView } from './netboot-view.js';
import { SubnetIndex } from './subnet-index.js';

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('fixture value does not parse');
  return value;
}

export const ip = (text: string): Ipv4 => must(parseIpv4(text));
export const mac = (text: string): Mac => must(parseMac(text));
export const macNumber = (number: number): Mac => mac(`02${number.toString(16).padStart(10, '0')}`);

export const SERVER = ip('10.0.0.1');
const LEASE_SECONDS = 3_600;

export const lan: Subnet = {
  name: 'lan',
  cidr: must(parseCidr('10.0.0.0/24')),
  pools: [{ start: ip('10.0.0.100'), end: ip('10.0.0.109') }],
  exclusions: [],
  gateway: ip('10.0.0.254'),
  dns: [ip('10.0.0.53')],
  ntp: [],
  search: [],
  routes: [],
  lease_seconds: LEASE_SECONDS,
};

export const arrival: Arrival = { addresses: [SERVER], sourcePort: 68 };

/** A site in memory whose time the test moves. */
export class Site {
  now = 1_700_000_000_000 as EpochMs;
  readonly table = new LeaseTable();
  readonly kept: LeaseWrite[] = [];
  readonly reservations = new Map<Mac, Reservation>();
  view: NetbootView;

  constructor(options: Partial<NetbootView> = {}, subnets: readonly Subnet[] = [lan]) {
    this.table.configure(subnets);
    this.view = {
      mode: 'server',
      subnets: new SubnetIndex(subnets),
      leases: this.table,
      boot: { nextServer: SERVER, publicUrl: 'http://10.0.0.1:8081', bootFiles: {} },
      isDirectAllowed: true,
      relays: [],
      offerMs: 30_000,
      declineMs: 600_000,
      reservationOf: (of) => this.reservations.get(of),
      reservedFor: (address) => [...this.reservations.values()].find((each) => each.ip === address)?.mac,
      hostnameOf: () => undefined,
      bootp: 'off',
      directOption82: 'drop',
      isKnown: (of) => this.reservations.has(of),
      hasBootFile: () => true,
      traceOf: () => undefined,
      ...options,
    };
  }

  reserve(...reservations: readonly Reservation[]): void {
    for (const reservation of reservations) this.reservations.set(reservation.mac, reservation);
    this.table.reserve([...this.reservations.values()].flatMap((each) => (each.ip === undefined ? [] : [each.ip])));
  }

  pass(seconds: number): void {
    this.now = (this.now + seconds * 1_000) as EpochMs;
  }

  /** What the shell does with a request: expire, decide, apply. */
  handle(request: DhcpRequest, from: Arrival = arrival): DhcpDecision {
    this.kept.push(...this.table.expire(this.now));
    const decision = decide(request, from, { view: this.view, now: this.now });
    if (decision.change !== undefined) this.kept.push(...this.table.apply(decision.change, this.now));
    return decision;
  }
}

export function request(type: DhcpRequest['type'], from: Mac, more: Partial<DhcpRequest> = {}): DhcpRequest {
  return { type, isBootRequest: true, mac: from, client: { kind: 'none', architectures: [] }, ...more };
}

/** The address a decision gives, if it is a reply that gives one. */
export function given(decision: DhcpDecision): Ipv4 | undefined {
  return decision.kind === 'reply' ? decision.fields.yiaddr?.value : undefined;
}
