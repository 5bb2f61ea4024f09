import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { instantMs, type EpochMs, type Ipv4, type Mac } from '@rackwright/kernel';
import { given, ip, lan, macNumber, request, SERVER, Site } from '../dhcp/netboot-fixture.js';
import { AddressSet } from './address-set.js';
import { LeaseTable } from './lease-table.js';

const CLIENTS = 14;

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('discover' as const), client: fc.nat(CLIENTS) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('select' as const), client: fc.nat(CLIENTS) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('renew' as const), client: fc.nat(CLIENTS) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('release' as const), client: fc.nat(CLIENTS) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('decline' as const), client: fc.nat(CLIENTS) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('steal' as const), client: fc.nat(CLIENTS) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reserve' as const), client: fc.nat(CLIENTS) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pass' as const), client: fc.nat(4_000) }) },
);

/** What the clients believe: an address and until when, by the ACKs they got. */
class Clients {
  readonly offers = new Map<Mac, Ipv4>();
  readonly leases = new Map<Mac, { readonly ip: Ipv4; readonly until: number }>();

  /** Everyone who may use `address` at `now`. */
  holders(address: Ipv4, now: number): readonly Mac[] {
    return [...this.leases].filter(([, lease]) => lease.ip === address && lease.until > now).map(([mac]) => mac);
  }
}

function perform(site: Site, clients: Clients, action: { readonly do: string; readonly client: number }): void {
  const mac = macNumber(action.client);
  const own = clients.leases.get(mac);
  switch (action.do) {
    case 'pass':
      site.pass(action.client);
      return;
    case 'reserve':
      site.reserve({ mac, ip: ip(`10.0.0.${100 + (action.client % 12)}`), allow_netboot: true });
      return;
    case 'discover': {
      const address = given(site.handle(request('discover', mac)));
      if (address !== undefined) clients.offers.set(mac, address);
      return;
    }
    case 'release':
    case 'decline':
      if (own === undefined) return;
      if (action.do === 'release') site.handle(request('release', mac, { ciaddr: own.ip }));
      else site.handle(request('decline', mac, { requestedIp: own.ip, serverId: SERVER }));
      clients.leases.delete(mac);
      return;
    default:
      ask(site, clients, action);
  }
}

function ask(site: Site, clients: Clients, action: { readonly do: string; readonly client: number }): void {
  const mac = macNumber(action.client);
  const own = clients.leases.get(mac);
  const offered = clients.offers.get(mac);
  const asks = {
    select: offered === undefined ? undefined : { requestedIp: offered, serverId: SERVER },
    renew: own === undefined ? undefined : { ciaddr: own.ip },
    steal: { requestedIp: ip(`10.0.0.${100 + (action.client % 12)}`), serverId: SERVER },
  }[action.do];
  if (asks === undefined) return;
  const decision = site.handle(request('request', mac, asks));
  const address = given(decision);
  if (address === undefined || decision.kind !== 'reply' || decision.type !== 'ack') return;
  clients.leases.set(mac, { ip: address, until: site.now + lan.lease_seconds * 1_000 });
  expect(clients.holders(address, site.now)).toEqual([mac]);
}

describe('LeaseTable', () => {
  it('never gives one address to two clients, whatever they do', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 200 }), (steps) => {
        const site = new Site();
        const clients = new Clients();
        for (const action of steps) perform(site, clients, action);
        for (const lease of site.table.all()) {
          if (lease.state === 'active') expect(clients.holders(lease.ip, site.now).length).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('comes to the same state from its kept records in any order', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), fc.infiniteStream(fc.nat()), (steps, chances) => {
        const site = new Site();
        const clients = new Clients();
        for (const action of steps) perform(site, clients, action);
        const shuffled = site.kept
          .map((write) => ({ write, rank: Number(chances.next().value) }))
          .sort((left, right) => left.rank - right.rank);
        const again = new LeaseTable();
        again.configure([lan]);
        for (const { write } of shuffled) again.restore(write.lease);
        expect(new Map([...again.all()].map((lease) => [lease.ip, lease]))).toEqual(
          new Map([...site.table.all()].map((lease) => [lease.ip, lease])),
        );
      }),
      { numRuns: 100 },
    );
  });

  it('offers every concurrent client another address, to the last one', () => {
    const site = new Site({}, [
      { ...lan, cidr: '10.0.0.0/16' as typeof lan.cidr, pools: [{ start: ip('10.0.1.0'), end: ip('10.0.4.255') }] },
    ]);
    const offers = Array.from({ length: 1_024 }, (_, number) =>
      given(site.handle(request('discover', macNumber(number)))),
    );
    expect(new Set(offers).size).toBe(1_024);
    expect(offers).not.toContain(undefined);
    expect(site.handle(request('discover', macNumber(5_000)))).toMatchObject({ reason: 'pool-exhausted' });
  });

  it('forgets offers after their time', () => {
    const site = new Site();
    for (let number = 0; number < 10; number += 1) site.handle(request('discover', macNumber(number)));
    expect(site.handle(request('discover', macNumber(99)))).toMatchObject({ reason: 'pool-exhausted' });
    site.pass(31);
    expect(given(site.handle(request('discover', macNumber(99))))).toBeDefined();
  });

  it('an offer that ran out does not take the next one of its address along', () => {
    const table = new LeaseTable();
    table.configure([lan]);
    const [first, second] = [macNumber(1), macNumber(2)];
    const hold = (mac: Mac, address: string, [from, until]: readonly [number, number]): void => {
      const change = { kind: 'hold', ip: ip(address), mac, subnet: 'lan', until: until as EpochMs } as const;
      table.apply(change, from as EpochMs);
    };
    hold(first, '10.0.0.100', [0, 1_000]);
    // Not expired in between: time went on since.
    hold(second, '10.0.0.100', [1_000, 2_000]);
    hold(first, '10.0.0.101', [1_000, 2_000]);
    expect([table.heldBy(first, 'lan'), table.heldBy(second, 'lan')]).toEqual(['10.0.0.101', '10.0.0.100']);
    expect(table.isFreeFor(ip('10.0.0.100'), first, 1_500 as EpochMs)).toBe(false);
  });

  it('takes new pools over without losing a lease', () => {
    const site = new Site();
    const address = given(site.handle(request('discover', macNumber(1)))) ?? ip('10.0.0.100');
    site.handle(request('request', macNumber(1), { requestedIp: address, serverId: SERVER }));
    site.table.configure([{ ...lan, name: 'renamed' }]);
    for (let number = 2; number < 20; number += 1) {
      const proposed = site.table.propose(macNumber(number), 'renamed');
      expect(proposed).not.toBe(address);
    }
  });

  it('renewing a thousand times costs one queue entry and expires at the last end', () => {
    const site = new Site();
    const address = given(site.handle(request('discover', macNumber(1)))) ?? ip('10.0.0.100');
    site.handle(request('request', macNumber(1), { requestedIp: address, serverId: SERVER }));
    for (let count = 0; count < 1_000; count += 1) {
      site.pass(1_000);
      expect(site.handle(request('request', macNumber(1), { ciaddr: address }))).toMatchObject({ type: 'ack' });
    }
    const lease = site.table.find(address);
    if (lease === undefined) throw new Error('lease lost');
    site.pass((instantMs(lease.expires_at) - site.now) / 1_000);
    expect(site.table.expire(site.now)).toHaveLength(1);
  });

  it('ends as many leases at a time as it is told to', () => {
    const site = new Site();
    for (let number = 1; number <= 5; number += 1) {
      const address = given(site.handle(request('discover', macNumber(number)))) ?? ip('10.0.0.100');
      site.handle(request('request', macNumber(number), { requestedIp: address, serverId: SERVER }));
    }
    const lasting = [...site.table.all()].filter(({ state }) => state === 'active').length;
    const end = (site.now + lan.lease_seconds * 1_000) as typeof site.now;
    expect(lasting).toBe(5);
    expect([2, 2, 2, 2].map((limit) => site.table.expire(end, limit).length)).toEqual([2, 2, 1, 0]);
  });
});

describe('AddressSet', () => {
  it('behaves like a set of numbers and finds the next member', () => {
    const operation = fc.record({ adds: fc.boolean(), at: fc.nat(2_999) });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 300 }), fc.nat(2_999), (operations, from) => {
        const set = new AddressSet(3_000);
        const model = new Set<number>();
        for (const { adds, at } of operations) {
          if (adds) set.add(at);
          else set.delete(at);
          if (adds) model.add(at);
          else model.delete(at);
        }
        const members = [...model].sort((left, right) => left - right);
        expect(set.count).toBe(model.size);
        expect(set.nextFrom(from)).toBe(members.find((member) => member >= from) ?? members[0]);
      }),
    );
  });
});
