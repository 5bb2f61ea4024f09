import { describe, expect, it } from 'vitest';
import { clientAddress, parseProxy, TrustedProxies } from './client-address.js';

const proxies = new TrustedProxies(['10.0.0.0/8', '192.168.7.7', '2001:db8::/32']);

describe('H11: the client behind trusted proxies', () => {
  it.each([
    ['10.1.1.1', undefined, '10.1.1.1'],
    ['203.0.113.9', '198.51.100.1', '203.0.113.9'],
    ['10.1.1.1', '198.51.100.1', '198.51.100.1'],
    ['::ffff:10.1.1.1', '198.51.100.1', '198.51.100.1'],
    ['10.1.1.1', '1.1.1.1, 198.51.100.1', '198.51.100.1'],
    ['10.1.1.1', '198.51.100.1, 10.2.2.2', '198.51.100.1'],
    ['10.1.1.1', '198.51.100.1,10.2.2.2,192.168.7.7', '198.51.100.1'],
    ['10.1.1.1', '1.1.1.1, 198.51.100.1, 10.2.2.2', '198.51.100.1'],
    ['10.1.1.1', '10.3.3.3, 10.2.2.2', '10.3.3.3'],
    ['10.1.1.1', '198.51.100.1, invalid', '10.1.1.1'],
    ['10.1.1.1', 'invalid, 198.51.100.1', '198.51.100.1'],
    ['10.1.1.1', 'invalid, 10.2.2.2', '10.2.2.2'],
    ['10.1.1.1', '', '10.1.1.1'],
    ['10.1.1.1', '198.51.100.1:4711', '10.1.1.1'],
    ['10.1.1.1', '::ffff:198.51.100.1', '198.51.100.1'],
    ['2001:db8::1', '2001:db9::5', '2001:db9::5'],
    ['192.168.7.8', '198.51.100.1', '192.168.7.8'],
    ['', '198.51.100.1', ''],
  ])('of %s with %j is %s', (peer, header, client) => {
    expect(clientAddress(peer, header, proxies)).toBe(client);
  });

  it('is the peer when nobody is trusted', () => {
    expect(clientAddress('10.1.1.1', '198.51.100.1', new TrustedProxies([]))).toBe('10.1.1.1');
  });

  it.each(['10.0.0.0/8', '10.0.0.1', '::1', '2001:db8::/32'])('takes %s as a proxy', (text) => {
    expect(parseProxy(text)).toBe(text);
  });

  it.each(['10.0.0.0/33', '::/129', 'proxy', '10.0.0', '10.0.0.0/x', ''])('does not take %j', (text) => {
    expect(parseProxy(text)).toBeUndefined();
  });
});
