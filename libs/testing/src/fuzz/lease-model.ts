import fc from 'fast-check';
import {
  decide,
  LeaseTable,
  SubnetIndex,
  type Arrival,
  type DhcpDecision,
  type DhcpRequest,
  type NetbootView,
  type Reservation,
  type Subnet,
} from '@rackwright/domain-netboot';
import { parseCidr, parseIpv4, parseMac, type EpochMs, type Ipv4, type Mac } from '@rackwright/kernel';
import { must } from './fuzz-property.js';

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a value of the model does not parse');
  return value;
}

const ip = (text: string): Ipv4 => known(parseIpv4(text));
const macOf = (client: number): Mac => known(parseMac(`02${client.toString(16).padStart(10, '0')}`));

const START = 1_700_000_000_000;
const SERVER = ip('10.0.0.1');
const STRANGER = ip('10.9.9.9');
const arrival: Arrival = { addresses: [SERVER], sourcePort: 68 };
const CLIENTS = 8;
const POOL = { first: 100, size: 6 };
const LEASE_SECONDS = 60;
/** Long enough for both pools to run out. */
const MAX_EVENTS = 60;

const subnetOf = (name: string, net: string): Subnet => ({
  name,
  cidr: known(parseCidr(`${net}.0/24`)),
  pools: [{ start: ip(`${net}.${String(POOL.first)}`), end: ip(`${net}.${String(POOL.first + POOL.size - 1)}`) }],
  exclusions: [],
  dns: [],
  ntp: [],
  search: [],
  routes: [],
  lease_seconds: LEASE_SECONDS,
});
const subnets = [subnetOf('one', '10.0.0'), subnetOf('two', '10.0.1')] as const;

const address = fc.oneof(
  fc
    .tuple(fc.nat(1), fc.nat(POOL.size + 1))
    .map(([net, host]) => ip(`10.0.${String(net)}.${String(POOL.first + host)}`)),
  fc.constant(STRANGER),
);

const acts = ['discover', 'select', 'request', 'decline', 'release', 'inform', 'pass', 'reserve', 'forget'] as const;

/** Something that happens to a site. */
interface LeaseEvent {
  readonly does: (typeof acts)[number];
  readonly client: number;
  /** The client says what it was told; otherwise it makes things up. */
  readonly isHonest: boolean;
  readonly address: Ipv4;
  readonly serverId: Ipv4 | undefined;
  readonly subnet: number;
  readonly passMs: number;
}

const event: fc.Arbitrary<LeaseEvent> = fc.record({
  does: fc.constantFrom(...acts),
  client: fc.nat(CLIENTS - 1),
  isHonest: fc.boolean(),
  address,
  serverId: fc.constantFrom(undefined, SERVER, STRANGER),
  subnet: fc.nat(1),
  passMs: fc.nat(2 * LEASE_SECONDS * 1_000),
});

/** What happens to a site, in order. */
export const leaseLife: fc.Arbitrary<readonly LeaseEvent[]> = fc.array(event, { maxLength: MAX_EVENTS, size: 'max' });

/** What a client believes by what it was told. */
interface Belief {
  readonly ip: Ipv4;
  readonly until: number;
}

/** A site and its clients; everything the clients believe is compared after every event. */
class Model {
  readonly #table = new LeaseTable();
  readonly #reservations = new Map<Mac, Reservation>();
  readonly #beliefs = new Map<string, Belief>();
  /** What each client was offered last; it may have ended. */
  readonly #offers = new Map<string, Belief>();
  readonly #declined = new Map<Ipv4, number>();
  readonly #view: NetbootView;
  #now = START as EpochMs;

  constructor() {
    this.#table.configure(subnets);
    this.#view = {
      mode: 'server',
      subnets: new SubnetIndex(subnets),
      leases: this.#table,
      boot: { nextServer: SERVER, publicUrl: 'http://10.0.0.1:8081', bootFiles: {} },
      isDirectAllowed: true,
      relays: [],
      bootp: 'off',
      directOption82: 'drop',
      offerMs: 10_000,
      declineMs: 30_000,
      reservationOf: (mac) => this.#reservations.get(mac),
      reservedFor: (at) => [...this.#reservations.values()].find((each) => each.ip === at)?.mac,
      hostnameOf: () => undefined,
      isKnown: () => true,
      hasBootFile: () => true,
      traceOf: () => undefined,
    };
  }

  happen(what: LeaseEvent): void {
    if (what.does === 'pass') this.#now = (this.#now + what.passMs) as EpochMs;
    else if (what.does === 'reserve' || what.does === 'forget') this.#reserve(what);
    else this.#ask(what);
    this.#check();
  }

  /** A machine has one reservation, and an address one machine: the control plane sees to that. */
  #reserve({ does, client, address: wanted }: LeaseEvent): void {
    const mac = macOf(client);
    this.#reservations.delete(mac);
    const isTaken = [...this.#reservations.values()].some((each) => each.ip === wanted);
    if (does === 'reserve' && !isTaken) this.#reservations.set(mac, { mac, ip: wanted, allow_netboot: true });
    this.#table.reserve([...this.#reservations.values()].flatMap((each) => (each.ip === undefined ? [] : [each.ip])));
  }

  #ask(what: LeaseEvent): void {
    const key = keyOf(what);
    const own = this.#beliefs.get(key)?.ip;
    if (what.does === 'release' || what.does === 'decline') this.#beliefs.delete(key);
    const request = requestOf(what, { own, offered: this.#offers.get(key)?.ip });
    this.#table.expire(this.#now);
    const decision = decide(request, arrival, { view: this.#view, now: this.#now });
    if (decision.change !== undefined) this.#table.apply(decision.change, this.#now);
    this.#checkGiven(key, decision);
    this.#believe(key, decision);
    this.#noteChange(key, decision.change);
  }

  #believe(key: string, decision: DhcpDecision): void {
    if (decision.kind !== 'reply') return;
    const given = decision.fields.yiaddr?.value;
    if (decision.type === 'nak') this.#beliefs.delete(key);
    if (given === undefined) return;
    const seconds = decision.fields.leaseSeconds?.value ?? 0;
    if (decision.type === 'ack') this.#beliefs.set(key, { ip: given, until: this.#now + seconds * 1_000 });
  }

  /** Nobody is given what another one has or is offered, or what is in quarantine. */
  #checkGiven(key: string, decision: DhcpDecision): void {
    const given = decision.kind === 'reply' ? decision.fields.yiaddr?.value : undefined;
    if (given === undefined) return;
    const isOthers = (known: ReadonlyMap<string, Belief>): boolean =>
      [...known].some(([other, belief]) => other !== key && belief.ip === given && this.#isLive(belief));
    must(!isOthers(this.#beliefs), `${given} was given while somebody has it`);
    must(!isOthers(this.#offers), `${given} was given while somebody is offered it`);
    must((this.#declined.get(given) ?? 0) <= this.#now, `${given} was given while it is in quarantine`);
  }

  #noteChange(key: string, change: DhcpDecision['change']): void {
    switch (change?.kind) {
      case 'hold':
        this.#offers.set(key, { ip: change.ip, until: change.until });
        return;
      case 'bind':
      case 'drop-hold':
        this.#offers.delete(key);
        return;
      case 'decline':
        this.#declined.set(change.ip, change.until);
        for (const [other, offer] of this.#offers) if (offer.ip === change.ip) this.#offers.delete(other);
        return;
      default:
    }
  }

  #isLive({ until }: Belief): boolean {
    return until > this.#now;
  }

  #check(): void {
    const live = [...this.#beliefs.values()].filter((belief) => this.#isLive(belief)).map((belief) => belief.ip);
    must(new Set(live).size === live.length, `an address is held twice: ${live.join(', ')}`);
    const addresses = subnets.length * (POOL.size + 2) + 1;
    must(this.#table.size <= addresses, `${String(this.#table.size)} records`);
    must(this.#table.heldCount <= CLIENTS * subnets.length, `${String(this.#table.heldCount)} offers held`);
  }
}

const keyOf = ({ client, subnet }: LeaseEvent): string => `${String(client)}@${String(subnet)}`;

interface Truth {
  readonly own: Ipv4 | undefined;
  readonly offered: Ipv4 | undefined;
}

function requestOf(what: LeaseEvent, truth: Truth): DhcpRequest {
  const { client, isHonest, serverId, subnet } = what;
  const chosen = isHonest ? SERVER : serverId;
  const from = {
    mac: macOf(client),
    isBootRequest: true,
    giaddr: ip(`10.0.${String(subnet)}.1`),
    client: { kind: 'none', architectures: [] },
    ...(chosen === undefined || what.does === 'request' ? {} : { serverId: chosen }),
  } as const;
  return { ...from, ...saidBy(what, truth) };
}

function saidBy(what: LeaseEvent, { own, offered }: Truth): Pick<DhcpRequest, 'type' | 'ciaddr' | 'requestedIp'> {
  const { isHonest, address: madeUp } = what;
  const told = (known: Ipv4 | undefined): Ipv4 => (isHonest ? (known ?? madeUp) : madeUp);
  switch (what.does) {
    case 'select':
      return { type: 'request', requestedIp: told(offered) };
    case 'request':
    case 'release':
    case 'inform':
      return { type: what.does, ciaddr: told(own) };
    case 'decline':
      return { type: 'decline', requestedIp: told(own) };
    default:
      return { type: 'discover', ...(isHonest ? {} : { requestedIp: madeUp }) };
  }
}

/** Lets everything happen; throws at the first thing that must not. */
export function playLeaseLife(events: readonly LeaseEvent[]): void {
  const model = new Model();
  for (const what of events) model.happen(what);
}
