import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DhcpDecision } from '../dhcp/dhcp-decision.js';
import type { DhcpRequest } from '../dhcp/dhcp-request.js';
import { decide } from '../dhcp/decide.js';
import { arrival, given, ip, macNumber, request, SERVER, Site } from '../dhcp/netboot-fixture.js';
import { SupposedLeases } from './supposed-leases.js';

/** A site to which everything happens only by supposition. */
class Supposition {
  readonly site = new Site();
  readonly leases = new SupposedLeases(this.site.table);

  handle(asked: DhcpRequest): DhcpDecision {
    const { view, now } = this.site;
    const decision = decide(asked, arrival, { view: { ...view, leases: this.leases }, now });
    if (decision.change !== undefined) this.leases.suppose(decision.change, now);
    return decision;
  }
}

const select = (client: number, address: string) =>
  request('request', macNumber(client), { requestedIp: ip(address), serverId: SERVER });

describe('a supposed conversation', () => {
  it('acknowledges what it offered before, and leaves the site as it was', () => {
    const supposed = new Supposition();
    const offered = given(supposed.handle(request('discover', macNumber(1))));
    expect(supposed.handle(select(1, offered ?? '')).reason).toBe('ack-offer');
    expect(supposed.handle(request('request', macNumber(1), { ciaddr: offered ?? ip('10.0.0.1') })).reason).toBe(
      'ack-lease',
    );
    expect(given(supposed.handle(request('discover', macNumber(2))))).not.toBe(offered);
    expect([supposed.site.table.size, supposed.site.table.heldCount]).toEqual([0, 0]);
  });

  it('gives every address of a pool once', () => {
    const supposed = new Supposition();
    const given10 = Array.from({ length: 10 }, (_, client) =>
      given(supposed.handle(request('discover', macNumber(client)))),
    );
    expect(new Set(given10).size).toBe(10);
    expect(supposed.handle(request('discover', macNumber(10))).reason).toBe('pool-exhausted');
  });

  it('goes on from what the site knows', () => {
    const supposed = new Supposition();
    const first = given(supposed.site.handle(request('discover', macNumber(1))));
    expect(supposed.handle(select(1, first ?? '')).reason).toBe('ack-offer');
    expect(supposed.site.table.find(first ?? ip('10.0.0.1'))).toBeUndefined();
  });

  it('decides like the site itself, whatever clients do', () => {
    const action = fc.record({
      does: fc.constantFrom('discover', 'select', 'renew', 'release', 'decline', 'other-server'),
      client: fc.nat(7),
    });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
        const [real, supposed] = [new Site(), new Supposition()];
        const addresses = [new Map<number, string>(), new Map<number, string>()] as const;
        for (const { does, client } of actions) {
          const decisions = [real, supposed].map((side, index) => {
            const known = addresses[index as 0 | 1];
            const decision = side.handle(requestOf(does, client, known.get(client)));
            const address = given(decision);
            if (address !== undefined) known.set(client, address);
            return decision.kind === 'reply' ? `${decision.type} ${decision.reason}` : decision.reason;
          });
          expect(decisions[1]).toBe(decisions[0]);
        }
      }),
      { numRuns: 300 },
    );
  });
});

function requestOf(does: string, client: number, address = '10.0.0.50'): DhcpRequest {
  const mac = macNumber(client);
  const own = ip(address);
  switch (does) {
    case 'select':
      return select(client, address);
    case 'other-server':
      return request('request', mac, { requestedIp: own, serverId: ip('10.0.0.2') });
    case 'renew':
      return request('request', mac, { ciaddr: own });
    case 'release':
      return request('release', mac, { ciaddr: own });
    case 'decline':
      return request('decline', mac, { requestedIp: own, serverId: SERVER });
    default:
      return request('discover', mac);
  }
}
