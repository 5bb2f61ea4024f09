import type { Cidr, Decoded } from '@rackwright/kernel';
import { ipv4FromNumber, parseCidr } from '@rackwright/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  classlessRoutesOption,
  clientIdentifierOption,
  codeListOption,
  domainSearchOption,
  findOption,
  ipv4ListOption,
  ipv4Option,
  machineIdentifierOption,
  networkInterfaceOption,
  octetsOption,
  pxeVendorOption,
  readOption,
  relayAgentOption,
  textOption,
  u16ListOption,
  u16Option,
  u32Option,
  u8Option,
  userClassOption,
  vendorInformationOption,
  type OptionCodec,
} from './index.js';

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const valueOf = <T>(decoded: Decoded<T>): T | string => (decoded.ok ? decoded.value : decoded.fault.code);

describe('readOption and findOption', () => {
  const options = new Map([
    [51, hex('00000e10')],
    [57, hex('05')],
  ]);

  it('tell absent, malformed and present apart', () => {
    expect(readOption(options, 51, u32Option)).toEqual({ ok: true, value: 3600 });
    expect(readOption(options, 57, u16Option)).toEqual({
      ok: false,
      fault: { code: 'option-length-invalid', offset: 1 },
    });
    expect(readOption(options, 58, u32Option)).toBeUndefined();
    expect(findOption(options, 51, u32Option)).toBe(3600);
    expect(findOption(options, 57, u16Option)).toBeUndefined();
  });
});

describe('formats', () => {
  const cases: readonly (readonly [string, OptionCodec<unknown>, string, unknown])[] = [
    ['u8', u8Option, '05', 5],
    ['u16', u16Option, '05dc', 1500],
    ['u32', u32Option, 'ffffffff', 0xffffffff],
    ['address', ipv4Option, '0a000001', '10.0.0.1'],
    ['address list', ipv4ListOption, '0a000001 08080808', ['10.0.0.1', '8.8.8.8']],
    ['text', textOption, '697078652e656669', 'ipxe.efi'],
    ['code list 55', codeListOption, '01033c', [1, 3, 60]],
    [
      'client identifier 61',
      clientIdentifierOption,
      '01 525400aa0001',
      {
        type: 1,
        identifier: hex('525400aa0001'),
      },
    ],
    ['D32 user class 77, raw', userClassOption, '69505845', { form: 'raw', classes: ['iPXE'] }],
    ['D32 user class 77, RFC 3004', userClassOption, '04 69505845 01 41', { form: 'list', classes: ['iPXE', 'A'] }],
    ['D33 architectures 93', u16ListOption, '0007 0009', [7, 9]],
    ['D34 network interface 94', networkInterfaceOption, '01 03 10', { type: 1, major: 3, minor: 16 }],
    [
      'D35 machine identifier 97',
      machineIdentifierOption,
      '00 00112233445566778899aabbccddeeff',
      '00112233-4455-6677-8899-aabbccddeeff',
    ],
    [
      'D43 routes 121, examples of RFC 3442',
      classlessRoutesOption,
      '00 0a000001 18 0a1100 0a000002 20 0a1b8123 00000000',
      [
        { destination: '0.0.0.0/0', gateway: '10.0.0.1' },
        { destination: '10.17.0.0/24', gateway: '10.0.0.2' },
        { destination: '10.27.129.35/32', gateway: '0.0.0.0' },
      ],
    ],
    [
      'D43 search 119, example of RFC 3397 section 2',
      domainSearchOption,
      '03656e67 056170706c65 03636f6d 00 096d61726b6574696e67 c004',
      ['eng.apple.com', 'marketing.apple.com'],
    ],
    [
      'D36 vendor 43, PXE 2.1 table 2-1',
      pxeVendorOption,
      '06 01 08  08 07 8000 01 0a000001  09 08 8000 05 4c6f63616c  0a 05 00 4d656e75  47 04 8000 0000  e0 01 2a  ff',
      {
        discoveryControl: 8,
        bootServers: [{ type: 0x8000, addresses: ['10.0.0.1'] }],
        bootMenu: [{ type: 0x8000, description: 'Local' }],
        menuPrompt: { timeoutSeconds: 0, prompt: 'Menu' },
        bootItem: { type: 0x8000, layer: 0 },
        others: new Map([[0xe0, hex('2a')]]),
      },
    ],
    [
      'vendor information 125, RFC 3925 section 4',
      vendorInformationOption,
      '00000137 02 abcd 00000de9 00',
      [
        { enterprise: 311, data: hex('abcd') },
        { enterprise: 3561, data: hex('') },
      ],
    ],
    [
      'relay 82',
      relayAgentOption,
      '01 02 0001 02 01 ff 05 04 0a010000 0b 04 0a010001 13 00',
      {
        circuitId: hex('0001'),
        remoteId: hex('ff'),
        linkSelection: '10.1.0.0',
        serverOverride: '10.1.0.1',
        usesSourcePort: true,
        subOptions: new Map([
          [1, hex('0001')],
          [2, hex('ff')],
          [5, hex('0a010000')],
          [11, hex('0a010001')],
          [19, hex('')],
        ]),
      },
    ],
  ];

  it.each(cases)('%s', (...[, codec, octets, value]) => {
    expect(valueOf(codec.decode(hex(octets)))).toEqual(value);
    expect(codec.encode(value)).toEqual(hex(octets));
  });

  it.each([
    { name: 'u32 of three octets', codec: u32Option, octets: '000001', fault: 'option-length-invalid' },
    { name: 'empty address list', codec: ipv4ListOption, octets: '', fault: 'option-length-invalid' },
    {
      name: 'address list of five octets',
      codec: ipv4ListOption,
      octets: '0a00000108',
      fault: 'option-length-invalid',
    },
    { name: 'D33 odd architecture list', codec: u16ListOption, octets: '000700', fault: 'option-length-invalid' },
    {
      name: 'D34 long network interface',
      codec: networkInterfaceOption,
      octets: '01020304',
      fault: 'option-length-invalid',
    },
    {
      name: 'D35 short machine identifier',
      codec: machineIdentifierOption,
      octets: '00'.repeat(16),
      fault: 'option-length-invalid',
    },
    {
      name: 'machine identifier of type 1',
      codec: machineIdentifierOption,
      octets: `01${'00'.repeat(16)}`,
      fault: 'machine-identifier-type-unknown',
    },
    {
      name: 'client identifier of one octet',
      codec: clientIdentifierOption,
      octets: '01',
      fault: 'option-length-invalid',
    },
    { name: 'empty user class', codec: userClassOption, octets: '', fault: 'option-length-invalid' },
    { name: 'empty octets', codec: octetsOption, octets: '', fault: 'option-length-invalid' },
    {
      name: 'D45 vendor information past the end',
      codec: vendorInformationOption,
      octets: '0000013703abcd',
      fault: 'vendor-information-truncated',
    },
    {
      name: 'D45 relay sub-option past the end',
      codec: relayAgentOption,
      octets: '01050a',
      fault: 'sub-option-truncated',
    },
    {
      name: 'relay link selection of three octets',
      codec: relayAgentOption,
      octets: '05030a0000',
      fault: 'sub-option-length-invalid',
    },
    {
      name: 'vendor boot server list cut short',
      codec: pxeVendorOption,
      octets: '08038000ff',
      fault: 'sub-option-length-invalid',
    },
    {
      name: 'route prefix above 32',
      codec: classlessRoutesOption,
      octets: '210a0000010a000001',
      fault: 'route-prefix-invalid',
    },
    { name: 'route cut short', codec: classlessRoutesOption, octets: '180a00000a', fault: 'route-truncated' },
    { name: 'search name without its end', codec: domainSearchOption, octets: '0161', fault: 'domain-name-truncated' },
    {
      name: 'search pointer to itself',
      codec: domainSearchOption,
      octets: 'c000',
      fault: 'domain-name-pointer-invalid',
    },
    {
      name: 'search pointer forward',
      codec: domainSearchOption,
      octets: 'c002016100',
      fault: 'domain-name-pointer-invalid',
    },
    {
      name: 'search label above 63',
      codec: domainSearchOption,
      octets: `40${'61'.repeat(64)}00`,
      fault: 'domain-name-too-long',
    },
  ])('$name is a fault', ({ codec, octets, fault }) => {
    expect(valueOf<unknown>(codec.decode(hex(octets)))).toBe(fault);
  });

  it('text stops at a terminating NUL, RFC 2132 section 2', () => {
    expect(valueOf(textOption.decode(hex('6162 00')))).toBe('ab');
  });

  it('a vendor option ends at its end marker and skips padding', () => {
    expect(valueOf(pxeVendorOption.decode(hex('00 00 060108 ff 0601')))).toEqual({ discoveryControl: 8 });
  });

  it('host bits of a route destination are cleared', () => {
    expect(valueOf(classlessRoutesOption.decode(hex('14 0a11ff 0a000001')))).toEqual([
      { destination: '10.17.240.0/20', gateway: '10.0.0.1' },
    ]);
  });

  it('D43 routes round-trip', () => {
    const ip = fc.integer({ min: 0, max: 0xffffffff }).map(ipv4FromNumber);
    const cidr = fc.tuple(ip, fc.nat(32)).map(([address, length]) => {
      const known = parseCidr(`${address}/${length}`);
      return known ?? (`${address}/32` as Cidr);
    });
    const routes = fc.array(fc.record({ destination: cidr, gateway: ip }), { minLength: 1 });
    fc.assert(
      fc.property(routes, (given) => {
        expect(valueOf(classlessRoutesOption.decode(classlessRoutesOption.encode(given)))).toEqual(given);
      }),
    );
  });

  it('D43 search lists round-trip', () => {
    const label = fc.stringMatching(/^[a-c]{1,3}$/);
    const name = fc.array(label, { minLength: 1, maxLength: 6 }).map((labels) => labels.join('.'));
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 20 }), (given) => {
        expect(valueOf(domainSearchOption.decode(domainSearchOption.encode(given)))).toEqual(given);
      }),
    );
  });

  it('bounds the names that pointers can multiply', () => {
    const names = Array.from({ length: 300 }, () => 'a');
    expect(valueOf(domainSearchOption.decode(domainSearchOption.encode(names)))).toBe('domain-list-too-long');
  });

  it('D45 no format throws on garbage', () => {
    const codecs: OptionCodec<unknown>[] = [
      relayAgentOption,
      pxeVendorOption,
      domainSearchOption,
      classlessRoutesOption,
      userClassOption,
      machineIdentifierOption,
      u16ListOption,
      ipv4ListOption,
      clientIdentifierOption,
      textOption,
      vendorInformationOption,
    ];
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (octets) => {
        for (const codec of codecs) expect(codec.decode(octets)).toHaveProperty('ok');
      }),
    );
  });
});
