import { describe, expect, it } from 'vitest';
import { parseCidr } from '@rackwright/kernel';
import { SubnetIndex } from './subnet-index.js';
import { arrival, given, ip, lan, macNumber, request, SERVER, Site } from './netboot-fixture.js';

const a = macNumber(1);
const b = macNumber(2);
const far = {
  ...lan,
  name: 'far',
  cidr: parseCidr('10.9.0.0/24') ?? lan.cidr,
  pools: [{ start: ip('10.9.0.10'), end: ip('10.9.0.20') }],
};

const select = (wanted: string, from = a, serverId = SERVER) =>
  request('request', from, { requestedIp: ip(wanted), serverId });

function lease(site: Site, from = a): string {
  const offered = given(site.handle(request('discover', from)));
  if (offered === undefined) throw new Error('nothing offered');
  expect(site.handle(select(offered, from))).toMatchObject({ kind: 'reply', type: 'ack' });
  return offered;
}

describe('decide: giving addresses', () => {
  it('offers and gives an address with everything the subnet says, and where it came from', () => {
    const site = new Site();
    const offer = site.handle(request('discover', a));
    const offered = given(offer);
    expect(offer).toMatchObject({
      kind: 'reply',
      type: 'offer',
      reason: 'offer-pool',
      to: { kind: 'link', mac: a, port: 68 },
      fields: {
        yiaddr: { from: { kind: 'pool', name: 'lan' } },
        serverId: { value: SERVER },
        leaseSeconds: { value: 3_600, from: { kind: 'subnet', name: 'lan' } },
        renewalSeconds: { value: 1_800 },
        rebindingSeconds: { value: 3_150 },
        subnetMask: { value: '255.255.255.0' },
        broadcastAddress: { value: '10.0.0.255' },
        routers: { value: ['10.0.0.254'] },
        dns: { value: ['10.0.0.53'] },
      },
      bootRefusal: 'not-a-boot-client',
    });
    expect(offered).toMatch(/^10\.0\.0\.10\d$/);
    expect(site.handle(select(offered ?? ''))).toMatchObject({ type: 'ack', reason: 'ack-offer' });
    expect(site.kept).toMatchObject([
      { lease: { ip: offered, mac: a, state: 'active', version: 1 }, event: 'granted' },
    ]);
  });

  it('D44: a repeated DISCOVER yields the same address, and so does an independent server', () => {
    const [one, two] = [new Site(), new Site()];
    const first = given(one.handle(request('discover', a)));
    expect(given(one.handle(request('discover', a)))).toBe(first);
    expect(given(two.handle(request('discover', a)))).toBe(first);
  });

  it('never proposes network, broadcast, gateway, server or excluded addresses', () => {
    const tight = {
      ...lan,
      cidr: parseCidr('10.0.0.0/29') ?? lan.cidr,
      pools: [{ start: ip('10.0.0.0'), end: ip('10.0.0.7') }],
      exclusions: [{ start: ip('10.0.0.3'), end: ip('10.0.0.4') }],
      gateway: ip('10.0.0.6'),
      next_server: SERVER,
    };
    const site = new Site({}, [tight]);
    expect(lease(site, a)).not.toBe(lease(site, b));
    expect([...site.table.all()].map((each) => each.ip).sort()).toEqual(['10.0.0.2', '10.0.0.5']);
    expect(site.handle(request('discover', macNumber(3)))).toEqual({ kind: 'silence', reason: 'pool-exhausted' });
  });

  it('D31: one machine keeps one address through stages with different client ids', () => {
    const site = new Site();
    const address = lease(site);
    for (const clientId of ['01020000000001', 'ff00112233', undefined]) {
      const more = clientId === undefined ? {} : { clientId };
      expect(given(site.handle(request('discover', a, more)))).toBe(address);
    }
  });

  it('gives an ended lease back to its client, and to others only when nothing else is left', () => {
    const site = new Site();
    const address = lease(site);
    site.handle(request('release', a, { ciaddr: ip(address) }));
    for (let number = 2; number <= 10; number += 1) expect(lease(site, macNumber(number))).not.toBe(address);
    expect(given(site.handle(request('discover', a)))).toBe(address);
    site.pass(60);
    expect(lease(site, macNumber(11))).toBe(address);
  });

  it('gives the reserved address to its machine and to nobody else', () => {
    const site = new Site();
    const reserved = given(site.handle(request('discover', b))) ?? ip('10.0.0.100');
    site.pass(60);
    site.reserve({ mac: a, ip: reserved, allow_netboot: true });
    expect(lease(site, b)).not.toBe(reserved);
    expect(site.handle(request('discover', a))).toMatchObject({
      reason: 'offer-reservation',
      fields: { yiaddr: { value: reserved, from: { kind: 'reservation', name: a } } },
    });
  });

  it('an address reserved while somebody has it waits for the lease to end, and is not renewed', () => {
    const site = new Site();
    const address = ip(lease(site, b));
    site.reserve({ mac: a, ip: address, allow_netboot: true });
    expect(given(site.handle(request('discover', a)))).not.toBe(address);
    expect(site.handle(request('request', b, { ciaddr: address }))).toMatchObject({ type: 'nak' });
    site.pass(3_601);
    expect(given(site.handle(request('discover', a)))).toBe(address);
  });

  it('reservation mode: silent to unknown machines, pools untouched', () => {
    const site = new Site({ mode: 'reservation' });
    site.reserve({ mac: a, ip: ip('10.0.0.50'), allow_netboot: true }, { mac: b, allow_netboot: true });
    expect(given(site.handle(request('discover', a)))).toBe('10.0.0.50');
    expect(site.handle(select('10.0.0.50'))).toMatchObject({ type: 'ack' });
    expect(site.handle(request('discover', b))).toEqual({ kind: 'silence', reason: 'reservation-without-address' });
    expect(site.handle(request('discover', macNumber(3)))).toEqual({ kind: 'silence', reason: 'unknown-machine' });
  });

  it('off: silent', () => {
    expect(new Site({ mode: 'off' }).handle(request('discover', a))).toEqual({ kind: 'silence', reason: 'mode-off' });
  });
});

describe('decide: keeping and returning addresses', () => {
  it('D4 D16: RENEWING extends the same address and answers it directly', () => {
    const site = new Site();
    const address = ip(lease(site));
    site.pass(1_800);
    expect(site.handle(request('request', a, { ciaddr: address }))).toMatchObject({
      type: 'ack',
      to: { kind: 'unicast', address, port: 68 },
      fields: { ciaddr: { value: address }, yiaddr: { value: address } },
    });
    expect(site.kept.at(-1)).toEqual({ lease: expect.objectContaining({ version: 2, state: 'active' }) as unknown });
  });

  it('D12: REQUEST for another server frees what was offered', () => {
    const site = new Site();
    const offered = given(site.handle(request('discover', a))) ?? '';
    expect(site.handle(select('10.0.0.77', a, ip('10.0.0.2')))).toMatchObject({ reason: 'other-server-chosen' });
    expect(site.table.heldCount).toBe(0);
    expect(site.handle(select(offered))).toMatchObject({ type: 'nak' });
  });

  it('D13: SELECTING for an address that was not offered is refused', () => {
    const site = new Site();
    site.handle(request('discover', a));
    expect(site.handle(select('10.0.0.200'))).toMatchObject({ type: 'nak', reason: 'nak-address-not-offered' });
  });

  it('D13: SELECTING for an address that left the pools since it was offered is refused', () => {
    const site = new Site();
    const offered = given(site.handle(request('discover', a))) ?? '';
    const smaller = { ...lan, exclusions: [{ start: ip(offered), end: ip(offered) }] };
    site.table.configure([smaller]);
    site.view = { ...site.view, subnets: new SubnetIndex([smaller]) };
    expect(site.handle(select(offered))).toMatchObject({ type: 'nak', reason: 'nak-address-not-offered' });
    expect(lease(site)).not.toBe(offered);
  });

  it('D14: INIT-REBOOT on the wrong subnet is refused', () => {
    const site = new Site();
    expect(site.handle(request('request', a, { requestedIp: ip('192.168.1.5') }))).toMatchObject({
      type: 'nak',
      reason: 'nak-wrong-subnet',
    });
  });

  it('D15 D17: silent to clients without a record', () => {
    const site = new Site();
    const silent = { kind: 'silence', reason: 'no-record' };
    expect(site.handle(request('request', a, { requestedIp: ip('10.0.0.104') }))).toEqual(silent);
    expect(site.handle(request('request', a, { ciaddr: ip('10.0.0.104') }))).toEqual(silent);
  });

  it('D18: a NAK names us and gives nothing; it is broadcast, or goes to the relay', () => {
    const site = new Site({}, [lan, far]);
    const wrong = { requestedIp: ip('192.168.1.5') };
    expect(site.handle(request('request', a, wrong))).toMatchObject({ to: { kind: 'broadcast', port: 68 } });
    const relayed = site.handle(request('request', a, { ...wrong, giaddr: ip('10.9.0.1') }));
    expect(relayed).toMatchObject({ to: { kind: 'relay', address: '10.9.0.1', port: 67 } });
    expect(Object.keys(relayed.kind === 'reply' ? relayed.fields : {})).toEqual(['serverId', 'message']);
  });

  it('D19: DECLINE quarantines for the configured time, without a reply', () => {
    const site = new Site();
    const address = lease(site);
    expect(site.handle(request('decline', a, { requestedIp: ip(address), serverId: SERVER }))).toMatchObject({
      kind: 'silence',
      reason: 'declined',
    });
    expect(site.kept.at(-1)).toMatchObject({ lease: { ip: address, state: 'declined' }, event: 'declined' });
    for (let number = 1; number <= 9; number += 1) expect(lease(site, macNumber(number))).not.toBe(address);
    expect(site.handle(request('discover', macNumber(10)))).toMatchObject({ reason: 'pool-exhausted' });
    site.pass(601);
    expect(lease(site, macNumber(10))).toBe(address);
  });

  it('D19: a client cannot decline what it was not given', () => {
    const site = new Site();
    const address = lease(site, b);
    expect(site.handle(request('decline', a, { requestedIp: ip(address) }))).toEqual({
      kind: 'silence',
      reason: 'decline-not-holder',
    });
    expect(site.table.find(ip(address))?.state).toBe('active');
  });

  it('D20: RELEASE frees the address and keeps the history', () => {
    const site = new Site();
    const address = ip(lease(site));
    expect(site.handle(request('release', b, { ciaddr: address }))).toMatchObject({ reason: 'release-not-holder' });
    expect(site.handle(request('release', a, { ciaddr: address }))).toMatchObject({ reason: 'released' });
    expect(site.table.find(address)).toMatchObject({ state: 'released', mac: a });
  });

  it('D21: INFORM gets parameters and no address or lease time', () => {
    const reply = new Site().handle(request('inform', a, { ciaddr: ip('10.0.0.77') }));
    expect(reply).toMatchObject({ type: 'ack', to: { kind: 'unicast', address: '10.0.0.77', port: 68 } });
    const fields = reply.kind === 'reply' ? reply.fields : {};
    expect(fields.yiaddr ?? fields.leaseSeconds ?? fields.renewalSeconds).toBeUndefined();
    expect(fields.dns?.value).toEqual(['10.0.0.53']);
  });

  it('an expired lease is told about once', () => {
    const site = new Site();
    lease(site);
    site.pass(3_601);
    expect(site.table.expire(site.now)).toMatchObject([{ lease: { state: 'expired', version: 2 }, event: 'expired' }]);
    expect(site.table.expire(site.now)).toEqual([]);
  });
});

describe('decide: relays and refusals', () => {
  const relay = { usesSourcePort: false };

  it('D2 D22: what is not a request of a DHCP client is not answered', () => {
    const site = new Site();
    expect(site.handle(request('discover', a, { isBootRequest: false }))).toMatchObject({ reason: 'not-a-request' });
    expect(site.handle(request('bootp', a))).toMatchObject({ reason: 'bootp-not-served' });
    expect(site.handle(request('other', a))).toMatchObject({ reason: 'type-not-served' });
    const nameless = { type: 'discover', isBootRequest: true, client: { kind: 'none', architectures: [] } } as const;
    expect(site.handle(nameless)).toMatchObject({ reason: 'hardware-address-invalid' });
  });

  it('D5: a relayed request is answered to the relay; RFC 8357: to the port it used', () => {
    const site = new Site({}, [lan, far]);
    const from = { ...arrival, sourcePort: 40_001 };
    const giaddr = ip('10.9.0.1');
    expect(site.handle(request('discover', a, { giaddr }), from)).toMatchObject({
      to: { kind: 'relay', address: '10.9.0.1', port: 67 },
    });
    expect(site.handle(request('discover', a, { giaddr, relay: { usesSourcePort: true } }), from)).toMatchObject({
      to: { kind: 'relay', address: '10.9.0.1', port: 40_001 },
    });
  });

  it('D28: option 82 from a client itself is not trusted', () => {
    expect(new Site().handle(request('discover', a, { relay }))).toMatchObject({ reason: 'relay-option-untrusted' });
  });

  it('D29: link selection before subnet selection before the relay before the interface; the relay may name us', () => {
    const third = {
      ...lan,
      name: 'third',
      cidr: parseCidr('10.8.0.0/24') ?? lan.cidr,
      pools: [{ start: ip('10.8.0.10'), end: ip('10.8.0.20') }],
    };
    const site = new Site({}, [lan, far, third]);
    const giaddr = ip('10.9.0.1');
    const subnetSelection = ip('10.0.0.9');
    const linkSelection = ip('10.8.0.9');
    expect(given(site.handle(request('discover', a)))).toMatch(/^10\.0\.0\./);
    expect(given(site.handle(request('discover', a, { giaddr })))).toMatch(/^10\.9\.0\./);
    expect(given(site.handle(request('discover', a, { giaddr, subnetSelection })))).toMatch(/^10\.0\.0\./);
    const all = { giaddr, subnetSelection, relay: { ...relay, linkSelection, serverOverride: ip('10.8.0.2') } };
    const reply = site.handle(request('discover', a, all));
    expect(given(reply)).toMatch(/^10\.8\.0\./);
    expect(reply).toMatchObject({ fields: { serverId: { value: '10.8.0.2', from: { kind: 'request' } } } });
    expect(site.handle(request('discover', a, { ...all, relay: { ...relay, linkSelection: ip('10.7.0.1') } }))).toEqual(
      {
        kind: 'silence',
        reason: 'no-subnet',
      },
    );
  });

  it('finds the subnet by relay address, circuit or remote id when the relay is outside of it', () => {
    const matched = { ...far, relay: { giaddr: [ip('172.16.0.1')], circuit_ids: ['0a0b'], remote_ids: ['ff'] } };
    const site = new Site({}, [lan, matched]);
    const from = (giaddr: string, more: object) =>
      given(site.handle(request('discover', a, { giaddr: ip(giaddr), relay: { ...relay, ...more } })));
    expect(from('172.16.0.1', {})).toMatch(/^10\.9\./);
    expect(from('172.16.0.2', { circuitId: '0a0b' })).toMatch(/^10\.9\./);
    expect(from('172.16.0.2', { remoteId: 'ff' })).toMatch(/^10\.9\./);
    expect(from('172.16.0.2', {})).toBeUndefined();
  });

  it('answers only allowed relays, and with a relay list only relays and renewing clients', () => {
    const relays = [parseCidr('10.9.0.0/30') ?? lan.cidr];
    const site = new Site({ relays, isDirectAllowed: false }, [lan, far]);
    expect(site.handle(request('discover', a))).toMatchObject({ reason: 'not-relayed' });
    expect(site.handle(request('discover', a, { giaddr: ip('10.9.0.9') }))).toMatchObject({
      reason: 'relay-not-allowed',
    });
    const offered = given(site.handle(request('discover', a, { giaddr: ip('10.9.0.1') }))) ?? '';
    const chosen = request('request', a, { giaddr: ip('10.9.0.1'), requestedIp: ip(offered), serverId: SERVER });
    expect(site.handle(chosen)).toMatchObject({ type: 'ack' });
    expect(site.handle(request('request', a, { ciaddr: ip(offered) }))).toMatchObject({ type: 'ack' });
  });
});
