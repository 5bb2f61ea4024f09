import { readFileSync } from 'node:fs';
import {
  decide,
  LeaseTable,
  SubnetIndex,
  type Arrival,
  type Destination,
  type DhcpDecision,
  type LeaseState,
  type LeaseWrite,
  type NetbootView,
  type Reservation,
  type Subnet,
} from '@rackwright/domain-netboot';
import { ANY_IPV4, type Cidr, type EpochMs, type Ipv4, type Mac } from '@rackwright/kernel';
import { decodeDhcp, type DhcpPacket } from '@rackwright/protocol-dhcp4';
import { encodeReply } from './reply-packet.js';
import { requestFactsOf } from './request-facts.js';

/** What a region knows in a case: `fixtures/dhcp/README.md` explains each field. */
export interface VectorSite {
  readonly mode: NetbootView['mode'];
  readonly addresses: readonly [Ipv4, ...Ipv4[]];
  readonly next_server: Ipv4;
  readonly public_url: string;
  readonly log_server?: Ipv4;
  readonly boot_files: Readonly<Record<string, string>>;
  readonly absent_files: readonly string[];
  readonly subnets: readonly Subnet[];
  readonly reservations: readonly Reservation[];
  readonly known: readonly Mac[];
  readonly traces?: Readonly<Record<string, string>>;
  readonly is_direct_allowed: boolean;
  readonly relays: readonly Cidr[];
  readonly bootp: NetbootView['bootp'];
  readonly direct_option_82: NetbootView['directOption82'];
  readonly offer_seconds: number;
  readonly decline_seconds: number;
}

/** Octets and what they mean: fields that are zero or empty, and those of Ethernet, are left out. */
export interface VectorPacket {
  readonly hex: string;
  readonly packet?: Readonly<Record<string, unknown>>;
}

export interface VectorLease {
  readonly ip: Ipv4;
  readonly mac?: Mac;
  readonly state: LeaseState;
  readonly seconds_left: number;
}

export interface VectorStep {
  readonly after_seconds?: number;
  readonly arrival?: {
    readonly source_ip?: Ipv4;
    readonly source_port: number;
    readonly service?: 'dhcp' | 'boot-server';
  };
  readonly request: VectorPacket;
  readonly reply?: VectorPacket;
  readonly to?: Destination;
  readonly silence?: string;
  readonly events?: readonly string[];
  readonly leases?: readonly VectorLease[];
}

export interface VectorCase {
  readonly name: string;
  readonly reference: string;
  readonly note?: string;
  readonly site?: Partial<VectorSite>;
  readonly steps: readonly VectorStep[];
}

export const vectorFiles = ['messages', 'relays', 'options', 'boot', 'proxy'] as const;

/** The cases of one file, each with its whole site. */
export function readCases(file: (typeof vectorFiles)[number]): readonly (VectorCase & { readonly site: VectorSite })[] {
  const path = new URL(`../../../../../fixtures/dhcp/conformance/${file}.json`, import.meta.url);
  const { site, cases } = JSON.parse(readFileSync(path, 'utf8')) as { site: VectorSite; cases: VectorCase[] };
  return cases.map((each) => ({ ...each, site: { ...site, ...each.site } }));
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const START_MS = 1_700_000_000_000;

/** The server without its sockets: what comes in, what goes out, and what it remembers. */
export class VectorServer {
  readonly table = new LeaseTable();
  readonly #site: VectorSite;
  readonly #view: NetbootView;
  #now = START_MS as EpochMs;

  constructor(site: VectorSite) {
    this.#site = site;
    this.table.configure(site.subnets);
    this.table.reserve(site.reservations.flatMap(({ ip }) => (ip === undefined ? [] : [ip])));
    this.#view = this.#viewOf(site);
  }

  /** What decisions are made from. */
  get view(): NetbootView {
    return this.#view;
  }

  pass(seconds: number): void {
    this.#now = (this.#now + seconds * 1_000) as EpochMs;
  }

  /** As the shell does it: decode, expire, decide, apply, encode. */
  receive(
    bytes: Uint8Array,
    from: VectorStep['arrival'],
  ): Pick<VectorStep, 'to' | 'silence' | 'events'> & { readonly reply?: string } {
    const packet = decodeDhcp(bytes);
    if (!packet.ok) return { silence: packet.fault.code };
    const facts = requestFactsOf(packet.value);
    if (!facts.ok) return { silence: facts.fault };
    const writes: LeaseWrite[] = [...this.table.expire(this.#now)];
    const decision = decide(facts.value, this.#arrivalOf(from), { view: this.#view, now: this.#now });
    writes.length = 0;
    if (decision.change !== undefined) writes.push(...this.table.apply(decision.change, this.#now));
    return { ...outcomeOf(packet.value, decision), events: writes.flatMap(({ event }) => event ?? []) };
  }

  leases(): readonly VectorLease[] {
    return [...this.table.all()].map(({ ip, mac, state, expires_at }) => ({
      ip,
      ...(mac === undefined ? {} : { mac }),
      state,
      seconds_left: (Date.parse(expires_at) - this.#now) / 1_000,
    }));
  }

  #arrivalOf(from: VectorStep['arrival']): Arrival {
    const { source_ip, source_port = 68, service = 'dhcp' } = from ?? {};
    return {
      addresses: this.#site.addresses,
      sourcePort: source_port,
      ...(source_ip === undefined ? {} : { sourceAddress: source_ip }),
      service,
    };
  }

  #viewOf(site: VectorSite): NetbootView {
    const reservations = new Map(site.reservations.map((each) => [each.mac, each]));
    const owners = new Map(site.reservations.map(({ ip, mac }) => [ip, mac]));
    return {
      mode: site.mode,
      subnets: new SubnetIndex(site.subnets),
      leases: this.table,
      boot: {
        nextServer: site.next_server,
        publicUrl: site.public_url,
        bootFiles: site.boot_files,
        ...(site.log_server === undefined ? {} : { logServer: site.log_server }),
      },
      isDirectAllowed: site.is_direct_allowed,
      relays: site.relays,
      bootp: site.bootp,
      directOption82: site.direct_option_82,
      offerMs: site.offer_seconds * 1_000,
      declineMs: site.decline_seconds * 1_000,
      reservationOf: (mac) => reservations.get(mac),
      reservedFor: (ip) => owners.get(ip),
      hostnameOf: () => undefined,
      isKnown: (mac) => reservations.has(mac) || site.known.includes(mac),
      hasBootFile: (name) => !site.absent_files.includes(name),
      traceOf: (mac) => site.traces?.[mac],
    };
  }
}

function outcomeOf(
  request: DhcpPacket,
  decision: DhcpDecision,
): Pick<VectorStep, 'to' | 'silence'> & { reply?: string } {
  if (decision.kind === 'silence') return { silence: decision.reason };
  return { reply: hexOf(encodeReply(request, decision)), to: decision.to };
}

/** A packet as {@link VectorPacket} writes it. */
export function readablePacket(packet: DhcpPacket): Readonly<Record<string, unknown>> {
  const fields = { ...packet, chaddr: hexOf(packet.chaddr) };
  const usual: readonly unknown[] = [0, '', ANY_IPV4];
  const told = Object.entries(fields).filter(
    ([name, value]) =>
      name !== 'options' &&
      !usual.includes(value) &&
      !(name === 'htype' && value === 1) &&
      !(name === 'hlen' && value === 6),
  );
  const options = Object.fromEntries([...packet.options].map(([code, value]) => [String(code), hexOf(value)]));
  return { ...Object.fromEntries(told), options };
}
