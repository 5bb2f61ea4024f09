import { macToBytes } from '@rackwright/kernel';
import {
  MessageType,
  networkInterfaceOption,
  OptionCode,
  PxeDiscovery,
  pxeVendorOption,
  readOption,
} from '@rackwright/protocol-dhcp4';
import { judge, NotApplicable, type Statement } from '../verdict.js';
import { firmware, firmwareFile, httpFirmware, ipxe, wanted } from './client-messages.js';
import { octetsOf, type DhcpPeer } from './dhcp-peer.js';
import { bootFileOf, codesOf, hex } from './read-reply.js';
import { optionOctets } from './wire-options.js';

const OPTIONS_OFFSET = 240;
/** IP and UDP headers, which option 57 counts. */
const HEADER_BYTES = 28;
const text = (value: string): Uint8Array => Uint8Array.from(Buffer.from(value, 'latin1'));
const asking = (...codes: readonly number[]) => [OptionCode.ParameterRequestList, Uint8Array.from(codes)] as const;

function boots(peer: DhcpPeer): void {
  if (!peer.site.boots) throw new NotApplicable('the site has no boot files');
}

export const optionStatements: readonly Statement<DhcpPeer>[] = [
  {
    id: 'D23',
    title: 'Option 55 governs which options are sent, and 1 precedes 3',
    reference: 'RFC 2131 section 4.3.1, RFC 2132 section 3.3',
    play: async (peer) => {
      const both = await peer.offer({ mac: peer.newMac(), options: [asking(3, 1)] });
      const neither = await peer.offer({ mac: peer.newMac(), options: [asking(51)] });
      const codes = codesOf(both);
      return judge(`asked for 3 1: ${codes.join(' ')}; for 51: ${codesOf(neither).join(' ')}`, {
        '1 does not precede 3': codes.includes(3) && codes.indexOf(1) > codes.indexOf(3),
        '1 is missing': !codes.includes(1),
        'a router was sent unasked': codesOf(neither).includes(3),
      });
    },
  },
  {
    id: 'D24',
    title: 'A reply is no longer than option 57 allows, 576 octets by default',
    reference: 'RFC 2131 section 2, RFC 2132 section 9.10',
    play: async (peer) => {
      const relay = Array.from({ length: 240 }, (_, index) => (index === 0 ? 1 : index === 1 ? 238 : 65));
      const full = [...firmware(), [OptionCode.RelayAgentInformation, Uint8Array.from(relay)]] as const;
      const byDefault = await peer.offer({ mac: peer.newMac(), options: full });
      const small = [...full, [OptionCode.MaximumDhcpMessageSize, Uint8Array.of(2, 64)]] as const;
      const bounded = await peer.offer({ mac: peer.newMac(), options: small });
      const sizes = [byDefault, bounded].map(({ bytes }) => bytes.length + HEADER_BYTES);
      return judge(`${sizes.map(String).join(' and ')} octets with headers`, {
        'one is longer than 576': sizes.some((size) => size > 576),
      });
    },
  },
  {
    id: 'D25',
    title: 'A boot file of more than 127 characters comes whole in option 67',
    reference: 'RFC 2132 section 9.5',
    play: async (peer) => {
      const { long_boot_file } = peer.site;
      if (long_boot_file === undefined) throw new NotApplicable('the site has no long boot file');
      const options = [...firmware(), [OptionCode.MaximumDhcpMessageSize, Uint8Array.of(5, 192)]] as const;
      const reply = await peer.offer({ mac: long_boot_file.mac, options });
      const file = reply.packet.options.get(OptionCode.BootfileName);
      const found = file === undefined ? undefined : Buffer.from(file).toString('latin1').replace(/\0+$/, '');
      return judge(found === undefined ? 'no option 67' : `option 67 of ${String(found.length)} characters`, {
        'it differs': found !== long_boot_file.file,
      });
    },
  },
  {
    id: 'D26',
    title: 'The parts of a split option are joined',
    reference: 'RFC 3396 section 7',
    play: async (peer) => {
      boots(peer);
      const whole = await firmwareFile(peer);
      const message = peer.relayed(MessageType.DHCPDISCOVER, { mac: peer.newMac() });
      const entries = firmware().flatMap(([code, value]) =>
        code === OptionCode.VendorClassIdentifier
          ? [
              { code, value: value.subarray(0, 4) },
              { code, value: value.subarray(4) },
            ]
          : [{ code, value }],
      );
      const options = optionOctets([{ code: 53, value: Uint8Array.of(MessageType.DHCPDISCOVER) }, ...entries]);
      const bytes = Uint8Array.from([...octetsOf(message).subarray(0, OPTIONS_OFFSET), ...options]);
      const file = bootFileOf(await peer.expect(MessageType.DHCPOFFER, bytes));
      return judge(`a vendor class in two parts got ${file === '' ? 'no boot file' : file}`, {
        'it was not taken for the whole': file !== whole,
      });
    },
  },
  {
    id: 'D30',
    title: 'Option 61 is echoed when it was sent, and absent when not',
    reference: 'RFC 6842 section 3',
    play: async (peer) => {
      const id = Uint8Array.of(255, 1, 2, 3, 4, 0, 1, 9, 8, 7);
      const sent = await peer.offer({ mac: peer.newMac(), options: [[OptionCode.ClientIdentifier, id]] });
      const unsent = await peer.offer({ mac: peer.newMac() });
      const echoed = hex(sent.packet.options.get(OptionCode.ClientIdentifier));
      return judge(`echoed ${echoed}`, {
        'it is not the one that was sent': echoed !== hex(id),
        'it came unsent': unsent.packet.options.has(OptionCode.ClientIdentifier),
      });
    },
  },
  {
    id: 'D31',
    title: 'A machine that names itself otherwise as ROM, iPXE and installed system keeps one address',
    reference: 'RFC 2131 section 4.2, RFC 4361',
    play: async (peer) => {
      const mac = peer.newMac();
      const names = [
        Uint8Array.of(0, ...Buffer.from('5ca1ab1e0000400080000000c0ffee00', 'hex')),
        Uint8Array.of(1, ...macToBytes(mac)),
        Uint8Array.of(255, ...macToBytes(mac).subarray(2), 0, 1, 0, 1, 9, 8, 7),
      ];
      const addresses: string[] = [];
      for (const name of names) {
        const { packet } = await peer.lease({ mac, options: [[OptionCode.ClientIdentifier, name]] });
        addresses.push(packet.yiaddr);
      }
      return judge(addresses.join(', '), { 'it got another one': new Set(addresses).size > 1 });
    },
  },
  {
    id: 'D32',
    title: 'The user class of iPXE is understood bare and as a list',
    reference: 'RFC 3004 section 4',
    play: async (peer) => {
      const first = await firmwareFile(peer);
      const raw = bootFileOf(await peer.offer({ mac: peer.newMac(), options: ipxe('raw') }));
      const listed = bootFileOf(await peer.offer({ mac: peer.newMac(), options: ipxe('list') }));
      const forms = [raw, listed].map((file) => (file === first ? 'the binary' : file === '' ? 'nothing' : 'a script'));
      return judge(`bare: ${forms[0] ?? ''}, list: ${forms[1] ?? ''}`, {
        'one was not understood': forms.some((form) => form !== 'a script'),
      });
    },
  },
  {
    id: 'D33',
    title: 'Option 93 is a list: unknown codes are passed over, an odd length is not guessed at',
    reference: 'RFC 4578 section 2.1',
    play: async (peer) => {
      const file = await firmwareFile(peer);
      const listed = bootFileOf(await peer.offer({ mac: peer.newMac(), options: firmware([0xfff0, 7]) }));
      const odd = firmware().map(([code, value]) => [code, code === 93 ? Uint8Array.of(0, 7, 0) : value] as const);
      const reply = await peer.replyTo(peer.relayed(MessageType.DHCPDISCOVER, { mac: peer.newMac(), options: odd }));
      const guessed = reply === undefined ? '' : bootFileOf(reply);
      return judge(`unknown then 7: ${listed || 'nothing'}; odd length: ${guessed || 'no boot file'}`, {
        'the unknown code hid the known one': listed !== file,
        'an odd length was read': guessed !== '',
      });
    },
  },
  {
    id: 'D34',
    title: 'Option 94 of another length than 3 does not keep a machine from its lease',
    reference: 'RFC 4578 section 2.2',
    play: async (peer) => {
      const good = networkInterfaceOption.encode({ type: 1, major: 3, minor: 16 });
      for (const value of [good, good.subarray(0, 2), Uint8Array.of(1, 3, 16, 0)]) {
        const options = firmware().map(([code, known]) => [code, code === 94 ? value : known] as const);
        await peer.offer({ mac: peer.newMac(), options });
      }
      return judge('lengths 3, 2 and 4 were offered an address');
    },
  },
  {
    id: 'D35',
    title: 'Option 97 is mirrored exactly when it was sent',
    reference: 'RFC 4578 section 2.3',
    play: async (peer) => {
      const id = Uint8Array.from({ length: 17 }, (_, index) => index);
      const sent = await peer.offer({ mac: peer.newMac(), options: [...firmware(), [97, id]] });
      const unsent = await peer.offer({ mac: peer.newMac(), options: firmware() });
      return judge(`mirrored ${hex(sent.packet.options.get(97))}`, {
        'it is not the one that was sent': hex(sent.packet.options.get(97)) !== hex(id),
        'it came unsent': unsent.packet.options.has(97),
      });
    },
  },
  {
    id: 'D36',
    title: 'A reply that calls itself PXEClient says in option 43.6 to boot the file now',
    reference: 'PXE 2.1 table 2-1',
    play: async (peer) => {
      boots(peer);
      const { packet } = await peer.offer({ mac: peer.newMac(), options: firmware() });
      const name = packet.options.get(OptionCode.VendorClassIdentifier);
      if (name === undefined) throw new NotApplicable('option 60 is not sent');
      const vendor = readOption(packet.options, OptionCode.VendorSpecificInformation, pxeVendorOption);
      const control = vendor?.ok === true ? vendor.value.discoveryControl : undefined;
      return judge(`option 60 ${Buffer.from(name).toString('latin1')}, 43.6 ${String(control ?? 'absent')}`, {
        'bit 3 is not set': ((control ?? 0) & PxeDiscovery.bootFileNow) === 0,
      });
    },
  },
  {
    id: 'D40',
    title: 'HTTPClient is answered as HTTPClient, with an absolute URL to boot',
    reference: 'UEFI 2.10 section 24.7',
    play: async (peer) => {
      if (!peer.site.boots_http) throw new NotApplicable('the site boots nothing over HTTP');
      const reply = await peer.offer({ mac: peer.newMac(), options: httpFirmware });
      const vendor = reply.packet.options.get(OptionCode.VendorClassIdentifier);
      const name = vendor === undefined ? 'absent' : Buffer.from(vendor).toString('latin1');
      const file = bootFileOf(reply);
      return judge(`option 60 ${name}, file ${file || 'absent'}`, {
        'option 60 is another': name !== 'HTTPClient',
        'the file is no absolute URL': !/^https?:\/\/[^/]+\//.test(file),
      });
    },
  },
  {
    id: 'D41',
    title: 'iPXE, known by option 77 or 175, is never given its own binary again',
    reference: 'RFC 3004, iPXE option 175',
    play: async (peer) => {
      const first = await firmwareFile(peer);
      const byClass = bootFileOf(await peer.offer({ mac: peer.newMac(), options: ipxe() }));
      const features = [...firmware(), [OptionCode.EtherbootOptions, Uint8Array.of(0xb1, 1, 1)]] as const;
      const byFeatures = bootFileOf(await peer.offer({ mac: peer.newMac(), options: features }));
      return judge(`77: ${byClass || 'nothing'}; 175: ${byFeatures || 'nothing'}`, {
        '77 got the binary': byClass === first,
        '175 got the binary': byFeatures === first,
      });
    },
  },
  {
    id: 'D43',
    title: 'Routes come in option 121 with option 3 beside them, search domains in option 119',
    reference: 'RFC 3442, RFC 3397',
    play: async (peer) => {
      const { routes, search } = peer.site;
      if (!routes && !search) throw new NotApplicable('the site has neither routes nor search domains');
      const { packet } = await peer.offer({ mac: peer.newMac(), options: [wanted] });
      return judge(`121 ${hex(packet.options.get(121))}, 119 ${hex(packet.options.get(119))}`, {
        '121 is missing': routes && !packet.options.has(121),
        '3 is missing beside 121': routes && !packet.options.has(3),
        '119 is missing': search && !packet.options.has(119),
        '119 is not in the form of domain names': search && !isNameList(packet.options.get(119)),
      });
    },
  },
  {
    id: 'D45',
    title: 'Damaged messages end nothing: the next one is answered',
    reference: 'RFC 2131 section 2, RFC 2132 section 2',
    play: async (peer) => {
      const sound = octetsOf(peer.relayed(MessageType.DHCPDISCOVER, { mac: peer.newMac(), options: firmware() }));
      const longHardware = Uint8Array.from(sound);
      longHardware[2] = 200;
      const nested = Uint8Array.of(82, 255, ...Array.from({ length: 60 }, () => [82, 4, 1, 2]).flat());
      const damaged = [
        sound.subarray(0, OPTIONS_OFFSET + 5),
        sound.subarray(0, 100),
        longHardware,
        Uint8Array.from(sound, (octet) => (octet === 255 ? 0 : octet)),
        Uint8Array.of(...sound.subarray(0, OPTIONS_OFFSET), ...nested),
        Uint8Array.of(...sound.subarray(0, OPTIONS_OFFSET), ...new Uint8Array(60_000).fill(55)),
        text('GET / HTTP/1.1\r\n\r\n'),
        new Uint8Array(0),
      ];
      for (const bytes of damaged) peer.send(bytes);
      await peer.offer({ mac: peer.newMac() });
      return judge(`an OFFER after ${String(damaged.length)} damaged messages`);
    },
  },
];

/** Labels of at most 63 octets, each name ended by the root or a pointer: RFC 1035 section 4.1.4. */
function isNameList(value: Uint8Array | undefined): boolean {
  if (value === undefined) return false;
  let at = 0;
  let isOpen = false;
  while (at < value.length) {
    const length = value[at] ?? 0;
    if (length >= 0xc0) at += 2;
    else if (length > 63) return false;
    else at += length + 1;
    isOpen = length > 0 && length < 0xc0;
  }
  return !isOpen && at === value.length;
}
