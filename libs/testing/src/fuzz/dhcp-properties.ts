import fc from 'fast-check';
import {
  classlessRoutesOption,
  decodeDhcp,
  describeOption,
  domainSearchOption,
  encodeDhcp,
  machineIdentifierOption,
  MIN_PACKET_BYTES,
  networkInterfaceOption,
  OptionCode,
  pxeVendorOption,
  relayAgentOption,
  userClassOption,
  vendorInformationOption,
  type DhcpPacket,
} from '@rackwright/protocol-dhcp4';
import { embedded, must, property, type FuzzProperty } from './fuzz-property.js';
import { leaseLife, playLeaseLife } from './lease-model.js';

const COOKIE = [0x63, 0x82, 0x53, 0x63];
const COOKIE_OFFSET = 236;
const HEADER_BYTES = COOKIE_OFFSET + COOKIE.length;
const FILE_BYTES = 128;
const SNAME_BYTES = 64;
const MAX_OPTION_BYTES = 600;
/** Large enough for everything an arbitrary packet holds. */
const UNBOUNDED_BYTES = 65_000;

const option = fc.tuple(fc.integer({ min: 1, max: 254 }), fc.uint8Array({ maxLength: 255 }));
const optionOctets = fc.oneof(
  fc.uint8Array({ maxLength: 1_200 }),
  fc
    .tuple(fc.array(option, { maxLength: 24, size: 'max' }), fc.uint8Array({ maxLength: 12 }))
    .map(([options, tail]) =>
      Uint8Array.from([...options.flatMap(([code, value]) => [code, value.length, ...value]), ...tail]),
    ),
);

/** A header of any content with a cookie that is right nearly always, and options that are so more often than by chance. */
const datagram = fc.oneof(
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 1_600 }) },
  {
    weight: 8,
    arbitrary: fc
      .tuple(fc.uint8Array({ minLength: COOKIE_OFFSET, maxLength: COOKIE_OFFSET }), fc.nat(16), optionOctets)
      .map(([header, hlen, options]) => {
        const bytes = Uint8Array.from([...header, ...COOKIE, ...options]);
        bytes[2] = hlen;
        return bytes;
      }),
  },
);

function decodesSoundly(bytes: Uint8Array): void {
  const packet = decodeDhcp(embedded(bytes));
  if (!packet.ok) {
    must(packet.fault.offset >= 0 && packet.fault.offset <= bytes.length, 'a fault lies outside of the datagram');
    return;
  }
  const alone = decodeDhcp(bytes);
  must(alone.ok && plain(alone.value) === plain(packet.value), 'read past the end');
  const total = [...packet.value.options.values()].reduce((sum, value) => sum + value.length, 0);
  must(total <= bytes.length, 'options are longer than the datagram');
}

function plain({ chaddr, options, ...header }: DhcpPacket): string {
  const values = [...options].sort(([one], [other]) => one - other).map(([code, value]) => [code, [...value]]);
  return JSON.stringify([header, [...chaddr], values]);
}

/** Overload changes what the header fields mean, and names that fill them move into options. */
function encodesWhatItDecodes(bytes: Uint8Array): void {
  const packet = decodeDhcp(bytes);
  if (!packet.ok || packet.value.options.has(OptionCode.OptionOverload)) return;
  if (packet.value.file.length >= FILE_BYTES || packet.value.sname.length >= SNAME_BYTES) return;
  const again = decodeDhcp(encodeDhcp(packet.value, { maxSizeBytes: UNBOUNDED_BYTES }));
  must(again.ok && plain(again.value) === plain(packet.value), 'changed by encoding');
}

const reply = fc.record({
  options: fc.uniqueArray(
    fc.tuple(
      fc.integer({ min: 1, max: 254 }).filter((code) => code !== OptionCode.OptionOverload),
      fc.uint8Array({ maxLength: MAX_OPTION_BYTES }),
    ),
    { maxLength: 20, size: 'max', selector: ([code]) => code },
  ),
  file: fc.string({ maxLength: 300 }),
  sname: fc.string({ maxLength: 100 }),
  maxSizeBytes: fc.integer({ min: 0, max: 1_500 }),
  priority: fc.array(fc.integer({ min: 1, max: 254 }), { maxLength: 20 }),
});

type Sent = typeof reply extends fc.Arbitrary<infer T> ? T : never;

/** What does not fit is left out whole; nothing is cut or changed. */
function keepsWithinBounds({ options, file, sname, maxSizeBytes, priority }: Sent): void {
  const asked = new Map(options);
  const bytes = encodeDhcp(packetWith(asked, { file, sname }), { maxSizeBytes, priority });
  must(bytes.length <= Math.max(maxSizeBytes, MIN_PACKET_BYTES), `${String(bytes.length)} octets`);
  must(bytes.length >= MIN_PACKET_BYTES, 'below the BOOTP floor');
  const packet = decodeDhcp(bytes);
  must(packet.ok, 'cannot be decoded again');
  if (!packet.ok) return;
  for (const [code, value] of packet.value.options) {
    const known = asked.get(code);
    const isName = code === OptionCode.BootfileName || code === OptionCode.TftpServerName;
    const isAdded = code === OptionCode.OptionOverload || (isName && known === undefined);
    must(isAdded || sameOctets(known, value), `option ${String(code)} was changed`);
  }
}

function sameOctets(one: Uint8Array | undefined, other: Uint8Array): boolean {
  return one !== undefined && Buffer.compare(one, other) === 0;
}

function packetWith(
  options: ReadonlyMap<number, Uint8Array>,
  { file, sname }: { readonly file: string; readonly sname: string },
): DhcpPacket {
  const empty = decodeDhcp(Uint8Array.from([...new Uint8Array(COOKIE_OFFSET), ...COOKIE, OptionCode.End]));
  if (!empty.ok) throw new Error(`a header of ${String(HEADER_BYTES)} octets is refused`);
  const latin1 = (text: string): string => Buffer.from(text, 'latin1').toString('latin1').replaceAll('\0', '?');
  return { ...empty.value, file: latin1(file), sname: latin1(sname), options };
}

const codecs = {
  'classless routes': classlessRoutesOption,
  'domain search': domainSearchOption,
  'machine identifier': machineIdentifierOption,
  'network interface': networkInterfaceOption,
  'PXE vendor options': pxeVendorOption,
  'relay agent information': relayAgentOption,
  'user class': userClassOption,
  'vendor information': vendorInformationOption,
} as const;

function readsOrRefuses(value: Uint8Array): void {
  for (const [name, codec] of Object.entries(codecs)) {
    const decoded = codec.decode(embedded(value));
    if (!decoded.ok) continue;
    const alone = codec.decode(value);
    must(JSON.stringify(alone) === JSON.stringify(decoded), `${name}: read past the end`);
  }
  for (let code = 0; code <= 255; code += 17) {
    must(/^[\x20-\x7e]*$/.test(describeOption(code, value).text), `option ${String(code)} does not print`);
  }
}

/** What holds for the DHCP codec, and for decisions with the leases they change, whatever comes. */
export const dhcpProperties: readonly FuzzProperty[] = [
  property('DHCP: any datagram is decoded within its bounds or refused', datagram, decodesSoundly),
  property('DHCP: what was decoded is the same after encoding', datagram, encodesWhatItDecodes),
  property('DHCP: a reply stays within its size, and what does not fit is left out whole', reply, keepsWithinBounds),
  property('DHCP: any option value is read or refused', fc.uint8Array({ maxLength: 300 }), readsOrRefuses),
  property('DHCP: no address is held twice whatever clients send, and the work is bounded', leaseLife, playLeaseLife),
];
