import { expect, it } from 'vitest';
import { given, ip, lan, macNumber, request, SERVER, Site } from './netboot-fixture.js';

const a = macNumber(1);
const b = macNumber(2);

it("gives a machine its own parameters in place of all of its subnet's", () => {
  const site = new Site();
  const network = { dns: [], ntp: [ip('10.0.0.123')], domain: 'rack.example', search: [], lease_seconds: 600 };
  site.reserve(
    { mac: a, ip: ip('10.0.0.5'), allow_netboot: true, network },
    { mac: b, ip: ip('10.0.0.6'), allow_netboot: true },
  );
  const offer = site.handle(request('discover', a));
  const from = { kind: 'reservation', name: a };
  expect(offer).toMatchObject({
    fields: {
      leaseSeconds: { value: 600, from },
      ntp: { value: ['10.0.0.123'], from },
      domain: { value: 'rack.example', from },
      subnetMask: { value: '255.255.255.0', from: { kind: 'subnet', name: 'lan' } },
    },
  });
  const fields = offer.kind === 'reply' ? offer.fields : {};
  expect(fields.dns).toBeUndefined();
  expect(fields.routers).toBeUndefined();
  expect(site.handle(request('discover', b))).toMatchObject({ fields: { dns: { value: lan.dns } } });
  const taken = site.handle(request('request', a, { requestedIp: given(offer) ?? SERVER, serverId: SERVER }));
  expect(taken).toMatchObject({ type: 'ack', fields: { leaseSeconds: { value: 600 } } });
  expect(Date.parse(site.kept.at(-1)?.lease.expires_at ?? '')).toBe(site.now + 600_000);
});
