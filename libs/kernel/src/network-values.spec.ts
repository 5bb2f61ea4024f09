import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  broadcastOf,
  cidrContains,
  ipv4FromBytes,
  ipv4FromNumber,
  ipv4ToBytes,
  ipv4ToNumber,
  netmaskOf,
  networkOf,
  parseCidr,
  parseIdc,
  parseIpv4,
  parseSn,
  RESERVED_IDC_NAMES,
} from './index.js';

describe('addresses', () => {
  it.each(['', '1.2.3', '1.2.3.4.5', '256.0.0.1', '01.2.3.4', '1.2.3.4 ', '1.2.3.-4', '::1', '1.2.3.4\n'])(
    'refuses %j',
    (text) => {
      expect(parseIpv4(text)).toBeUndefined();
    },
  );

  it('round-trips every address through number and octets', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), (value) => {
        const ip = ipv4FromNumber(value);
        expect(parseIpv4(ip)).toBe(ip);
        expect(ipv4ToNumber(ip)).toBe(value);
        expect(ipv4FromBytes(ipv4ToBytes(ip))).toBe(ip);
      }),
    );
  });
});

describe('networks', () => {
  it.each(['10.0.0.1/24', '10.0.0.0/33', '10.0.0.0', '10.0.0.0/', '10.0.0/8', '10.0.0.0/-1', '10.0.0.0/024'])(
    'refuses %s',
    (text) => {
      expect(parseCidr(text)).toBeUndefined();
    },
  );

  it.each([
    ['10.0.0.0/24', '255.255.255.0', '10.0.0.255'],
    ['0.0.0.0/0', '0.0.0.0', '255.255.255.255'],
    ['192.168.1.4/30', '255.255.255.252', '192.168.1.7'],
    ['128.0.0.0/1', '128.0.0.0', '255.255.255.255'],
    ['10.1.2.3/32', '255.255.255.255', '10.1.2.3'],
  ])('%s has netmask %s and broadcast %s', (text, netmask, broadcast) => {
    const cidr = parseCidr(text);
    if (cidr === undefined) throw new Error('does not parse');
    expect(netmaskOf(cidr)).toBe(netmask);
    expect(broadcastOf(cidr)).toBe(broadcast);
    expect(cidrContains(cidr, networkOf(cidr))).toBe(true);
    expect(cidrContains(cidr, broadcastOf(cidr))).toBe(true);
  });

  it('contains exactly the addresses between network and broadcast', () => {
    const cidr = parseCidr('192.168.4.0/22');
    if (cidr === undefined) throw new Error('does not parse');
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), (value) => {
        const inside = value >= ipv4ToNumber(networkOf(cidr)) && value <= ipv4ToNumber(broadcastOf(cidr));
        expect(cidrContains(cidr, ipv4FromNumber(value))).toBe(inside);
      }),
    );
  });
});

describe('identifiers', () => {
  it.each(['', 'DC1', 'dc_1', 'dc 1', 'a'.repeat(33), 'dc1/x', ...RESERVED_IDC_NAMES])('refuses IDC %j', (text) => {
    expect(parseIdc(text)).toBeUndefined();
  });

  it.each(['', '.', '..', '-x', 'a/b', 'a b', "a'b", 'a\nb', 'ä', 'x'.repeat(65)])('refuses SN %j', (text) => {
    expect(parseSn(text)).toBeUndefined();
  });

  it('accepts usual ones', () => {
    expect(parseIdc('dc1')).toBe('dc1');
    expect(parseSn('SGH123.4_X-9')).toBe('SGH123.4_X-9');
  });
});
