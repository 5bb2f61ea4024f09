import { describe, expect, it } from 'vitest';
import { formatMac, macFromBytes, macToBytes, parseMac } from './index.js';

describe('parseMac', () => {
  it.each(['00:1a:2b:3c:4d:5e', '00-1A-2B-3C-4D-5E', '001a.2b3c.4d5e', '001A2B3C4D5E'])('accepts %s', (text) => {
    expect(parseMac(text)).toBe('001a2b3c4d5e');
  });

  it.each([
    '',
    '00:1a:2b:3c:4d',
    '00:1a-2b:3c:4d:5e',
    '00:1a:2b:3c:4d:5e:6f',
    'junk001a2b3c4d5e',
    '00:00:00:00:00:00',
    'ff:ff:ff:ff:ff:ff',
    '01:00:5e:00:00:01',
    ' 001a2b3c4d5e',
    '001a2b3c4d5e\n',
  ])('refuses %j', (text) => {
    expect(parseMac(text)).toBeUndefined();
  });

  it('round-trips through octets and the readable spelling', () => {
    const mac = parseMac('00:1a:2b:3c:4d:5e');
    if (mac === undefined) throw new Error('unreachable');
    expect(macFromBytes(macToBytes(mac))).toBe(mac);
    expect(formatMac(mac)).toBe('00:1a:2b:3c:4d:5e');
    expect(formatMac(mac, '-')).toBe('00-1a-2b-3c-4d-5e');
  });
});
