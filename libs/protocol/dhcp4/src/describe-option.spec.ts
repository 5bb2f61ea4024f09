import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeOption } from './describe-option.js';

const octets = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

describe('an option in words', () => {
  it.each([
    [1, 'ffffff00', 'subnet mask', '255.255.255.0'],
    [6, '0a0000350a000036', 'domain name server', '10.0.0.53, 10.0.0.54'],
    [12, '6e6f6465', 'host name', 'node'],
    [51, '00000e10', 'ip address lease time', '3600 s'],
    [53, '01', 'dhcp message type', 'DHCPDISCOVER'],
    [55, '010306', 'parameter request list', '1, 3, 6'],
    [61, '01525400aa0001', 'client identifier', 'ethernet 52:54:00:aa:00:01'],
    [61, 'ff0102', 'client identifier', 'ff0102'],
    [77, '69505845', 'user class', 'iPXE'],
    [82, '01020a0b0504c0000201', 'relay agent information', '1:0a0b, 5:c0000201'],
    [93, '00070009', 'client system architecture', '7, 9'],
    [94, '010310', 'client network interface', 'type 1, version 3.16'],
    [121, '180a00010a0000fe', 'classless static route', '24'],
    [125, '0000013702abcd', 'vendor identifying vendor information', 'enterprise 311 abcd'],
    [125, '000001370aabcd', 'vendor identifying vendor information', '000001370aabcd'],
    [175, 'b1050180860e1f130101', 'etherboot options', '177:0180860e1f, 19:01'],
    [200, 'c0de', 'option 200', 'c0de'],
  ] as const)('%i %s is the %s %s', (...[code, hex, name, text]) => {
    const described = describeOption(code, octets(hex));
    expect(described.name).toBe(name);
    expect(described.text).toContain(text);
  });

  it('falls back to hexadecimal where the octets break the format or do not print', () => {
    expect(describeOption(1, octets('ff')).text).toBe('ff');
    expect(describeOption(12, octets('1b5b324a')).text).toBe('1b5b324a');
    expect(describeOption(53, octets('')).text).toBe('');
  });

  it('prints, whatever the octets are', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 300 }), (code, value) => {
        expect(describeOption(code, value).text).toMatch(/^[\x20-\x7e]*$/);
      }),
    );
  });
});
