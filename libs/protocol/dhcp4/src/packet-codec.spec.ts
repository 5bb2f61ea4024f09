import { readFileSync } from 'node:fs';
import { ANY_IPV4, ipv4FromNumber, type Ipv4 } from '@rackwright/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  chaddrOf,
  clientMac,
  decodeDhcp,
  DEFAULT_MAX_SIZE_BYTES,
  encodeDhcp,
  isBroadcastRequested,
  maxReplyBytes,
  messageTypeOf,
  OptionCode,
  type DhcpPacket,
} from './index.js';

const COOKIE_AT = 236;
const OPTIONS_AT = 240;

function packetWith(options: Iterable<readonly [number, Uint8Array]>, fields: Partial<DhcpPacket> = {}): DhcpPacket {
  return {
    op: 2,
    htype: 1,
    hlen: 6,
    hops: 0,
    xid: 0xdeadbeef,
    secs: 0,
    flags: 0,
    ciaddr: ANY_IPV4,
    yiaddr: '10.0.0.9' as Ipv4,
    siaddr: ANY_IPV4,
    giaddr: ANY_IPV4,
    chaddr: chaddrOf(Uint8Array.of(0x52, 0x54, 0, 0xaa, 0, 1)),
    sname: '',
    file: '',
    options: new Map(options),
    ...fields,
  };
}

function decoded(bytes: Uint8Array): DhcpPacket {
  const result = decodeDhcp(bytes);
  if (!result.ok) throw new Error(`${result.fault.code} at ${result.fault.offset}`);
  return result.value;
}

function faultOf(bytes: Uint8Array): string | undefined {
  const result = decodeDhcp(bytes);
  return result.ok ? undefined : result.fault.code;
}

/** A header of zeros with the cookie, then `options` as given. */
function rawPacket(options: readonly number[], fill: (bytes: Uint8Array) => void = () => undefined): Uint8Array {
  const bytes = new Uint8Array(OPTIONS_AT + options.length);
  bytes.set([0x63, 0x82, 0x53, 0x63], COOKIE_AT);
  bytes.set(options, OPTIONS_AT);
  fill(bytes);
  return bytes;
}

function codesOnWire(bytes: Uint8Array, start = OPTIONS_AT, end = bytes.length): number[] {
  const codes: number[] = [];
  for (let at = start; at < end && bytes[at] !== OptionCode.End; at += bytes[at] === 0 ? 1 : 2 + (bytes[at + 1] ?? 0)) {
    if (bytes[at] !== 0) codes.push(bytes[at] ?? 0);
  }
  return codes;
}

const octets = (length: number, value = 7): Uint8Array => new Uint8Array(length).fill(value);

interface Vector {
  readonly name: string;
  readonly hex: string;
  readonly packet: Omit<DhcpPacket, 'chaddr' | 'options'> & {
    readonly chaddr: string;
    readonly options: Record<string, string>;
  };
  /** The octets this codec writes, where they differ from what the client sent. */
  readonly encodedHex?: string;
}

const vectors = ['clients', 'wire-forms'].flatMap((name) => {
  const path = new URL(`../../../../fixtures/dhcp/${name}.json`, import.meta.url);
  return (JSON.parse(readFileSync(path, 'utf8')) as { vectors: Vector[] }).vectors;
});

function readable(packet: DhcpPacket): Vector['packet'] {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  return {
    ...packet,
    chaddr: hex(packet.chaddr),
    options: Object.fromEntries([...packet.options].map(([code, value]) => [String(code), hex(value)])),
  };
}

describe('golden vectors', () => {
  it.each(vectors)('$name', ({ hex, packet, encodedHex }) => {
    const value = decoded(Buffer.from(hex, 'hex'));
    expect(readable(value)).toEqual(packet);
    const encoded = encodeDhcp(value, { maxSizeBytes: 1472 });
    if (encodedHex !== undefined) expect(Buffer.from(encoded).toString('hex')).toBe(encodedHex);
    expect(readable(decoded(encoded))).toEqual(packet);
  });
});

describe('decodeDhcp', () => {
  it('D1 faults a datagram without the cookie of RFC 2131 section 3', () => {
    expect(faultOf(rawPacket([255], (bytes) => (bytes[COOKIE_AT] = 0)))).toBe('cookie-missing');
    expect(faultOf(new Uint8Array(239))).toBe('packet-too-short');
    expect(faultOf(new Uint8Array(0))).toBe('packet-too-short');
  });

  it('D45 faults a hardware length above 16 and a truncated option, and accepts a missing end', () => {
    expect(faultOf(rawPacket([255], (bytes) => (bytes[2] = 17)))).toBe('hardware-length-invalid');
    expect(faultOf(rawPacket([53, 1, 1, 12, 9, 65]))).toBe('option-truncated');
    expect(faultOf(rawPacket([53, 1, 1, 12]))).toBe('option-truncated');
    expect([...decoded(rawPacket([53, 1, 1])).options.keys()]).toEqual([53]);
  });

  it('reads through padding and ignores what follows the end option', () => {
    const { options } = decoded(rawPacket([0, 0, 53, 1, 1, 0, 255, 12, 1, 65]));
    expect([...options]).toEqual([[53, Uint8Array.of(1)]]);
  });

  it('D26 joins the parts of a split option, RFC 3396 section 5', () => {
    const { options } = decoded(rawPacket([43, 2, 1, 2, 53, 1, 1, 43, 1, 3, 43, 1, 4, 255]));
    expect(options.get(43)).toEqual(Uint8Array.of(1, 2, 3, 4));
  });

  it.each([
    { bits: 1, file: '', sname: 'S', found: [12, 53] },
    { bits: 2, file: 'F', sname: '', found: [15, 53] },
    { bits: 3, file: '', sname: '', found: [12, 15, 53] },
  ])('reads overloaded fields when option 52 is $bits, RFC 2132 section 9.3', ({ bits, file, sname, found }) => {
    const bytes = rawPacket([53, 1, 1, 52, 1, bits, 255], (raw) => {
      raw.set(bits & 1 ? [12, 1, 65, 255] : [70], 108);
      raw.set(bits & 2 ? [15, 1, 66, 255] : [83], 44);
    });
    const packet = decoded(bytes);
    expect({ file: packet.file, sname: packet.sname }).toEqual({ file, sname });
    expect([...packet.options.keys()].sort((a, b) => a - b)).toEqual(found);
  });

  it('joins an option split over options, file and sname in that order, RFC 3396 section 5', () => {
    const bytes = rawPacket([52, 1, 3, 67, 1, 1, 255], (raw) => {
      raw.set([67, 1, 2, 255], 108);
      raw.set([67, 1, 3, 255], 44);
    });
    expect(decoded(bytes).options.get(67)).toEqual(Uint8Array.of(1, 2, 3));
  });

  it.each([[[52, 1, 0]], [[52, 1, 4]], [[52, 2, 1, 1]], [[52, 0]]])('faults the overload option %j', (option) => {
    expect(faultOf(rawPacket([...option, 255]))).toBe('option-overload-invalid');
  });

  it('ignores an overload option inside an overloaded field', () => {
    const bytes = rawPacket([52, 1, 1, 255], (raw) => raw.set([52, 1, 3, 255], 108));
    expect(decoded(bytes).options.size).toBe(0);
  });

  it('owns its octets', () => {
    const bytes = rawPacket([12, 1, 65, 255]);
    const packet = decoded(bytes);
    bytes.fill(0);
    expect(packet.options.get(12)).toEqual(Uint8Array.of(65));
  });

  it('D45 never throws on garbage', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 700 }), fc.boolean(), (bytes, isFramed) => {
        const datagram = isFramed ? rawPacket([...bytes], (raw) => (raw[2] = bytes.length % 20)) : bytes;
        const result = decodeDhcp(datagram);
        expect(result.ok || result.fault.offset <= datagram.length).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it('D45 reads a 64 KB datagram of one-octet parts in linear work', () => {
    const parts = Array.from({ length: 21_700 }, () => [43, 1, 9]).flat();
    expect(decoded(rawPacket([...parts, 255])).options.get(43)).toEqual(octets(21_700, 9));
  });
});

describe('encodeDhcp', () => {
  it('D46 pads to 300 octets and ends the options', () => {
    const bytes = encodeDhcp(packetWith([[53, Uint8Array.of(2)]]));
    expect(bytes).toHaveLength(300);
    expect(bytes.subarray(OPTIONS_AT, OPTIONS_AT + 4)).toEqual(Uint8Array.of(53, 1, 2, 255));
    expect(bytes.subarray(OPTIONS_AT + 4).every((octet) => octet === 0)).toBe(true);
  });

  it('D23 D27 writes the message type first, 1 before 3, relay agent information last', () => {
    const codes = [82, 3, 224, 1, 54, 53, 51];
    const bytes = encodeDhcp(packetWith(codes.map((code) => [code, octets(4)])));
    expect(codesOnWire(bytes)).toEqual([53, 1, 3, 51, 54, 224, 82]);
  });

  it('D23 writes what was asked for in that order, but 1 before 3, RFC 2132 sections 9.8 and 3.3', () => {
    const codes = [82, 3, 1, 6, 15, 54, 53, 51];
    const bytes = encodeDhcp(packetWith(codes.map((code) => [code, octets(4)])), {
      maxSizeBytes: 1472,
      priority: [6, 3, 82, 53, 99, 15, 6],
    });
    expect(codesOnWire(bytes)).toEqual([53, 6, 1, 3, 15, 51, 54, 82]);
  });

  it('D22 leaves out what does not fit for a receiver that does not know option 52', () => {
    const options = [1, 3, 6, 15].map((code) => [code, octets(code === 15 ? 60 : 4)] as const);
    const bytes = encodeDhcp(packetWith(options), { maxSizeBytes: 300, mayOverload: false });
    expect([bytes.length, codesOnWire(bytes)]).toEqual([300, [1, 3, 6]]);
  });

  it('D26 splits a value longer than 255 octets, RFC 3396 section 4', () => {
    const bytes = encodeDhcp(packetWith([[43, octets(600)]]), { maxSizeBytes: 1472 });
    expect([...bytes.subarray(OPTIONS_AT, OPTIONS_AT + 2)]).toEqual([43, 255]);
    expect(codesOnWire(bytes)).toEqual([43, 43, 43]);
    expect(decoded(bytes).options.get(43)).toEqual(octets(600));
  });

  it('keeps an option without a value', () => {
    expect(decoded(encodeDhcp(packetWith([[80, octets(0)]]))).options.get(80)).toEqual(octets(0));
  });

  it('D25 moves a boot file longer than 127 octets to option 67 intact', () => {
    const file = `http://boot.example/${'a'.repeat(120)}`;
    const packet = decoded(encodeDhcp(packetWith([], { file })));
    expect(packet.file).toBe('');
    expect(Buffer.from(packet.options.get(67) ?? []).toString('latin1')).toBe(file);
  });

  it('D24 overflows whole options into free header fields', () => {
    const options = [53, 54, 51, 224, 225, 226].map((code) => [code, octets(code < 200 ? 4 : 110)] as const);
    const bytes = encodeDhcp(packetWith(options));
    expect(bytes.length).toBeLessThanOrEqual(DEFAULT_MAX_SIZE_BYTES);
    expect(codesOnWire(bytes, 108, 236)).toEqual([226]);
    expect(decoded(bytes).options).toEqual(new Map(options));
  });

  it('D24 drops whole options, least important first, and says which', () => {
    const dropped: number[] = [];
    const options = [53, 54, 82, 224, 225, 226, 227].map((code) => [code, octets(code < 200 ? 4 : 100)] as const);
    const packet = packetWith(options, { file: 'ipxe.efi', sname: 'boot' });
    const bytes = encodeDhcp(packet, {
      maxSizeBytes: DEFAULT_MAX_SIZE_BYTES,
      priority: [227, 225],
      onDropped: (code) => dropped.push(code),
    });
    expect(dropped).toEqual([224, 226]);
    expect(codesOnWire(bytes)).toEqual([53, 227, 225, 54, 82]);
    expect(decoded(bytes)).toMatchObject({ file: 'ipxe.efi', sname: 'boot' });
  });

  it('round-trips every packet that fits', () => {
    const ip = fc.integer({ min: 0, max: 0xffffffff }).map(ipv4FromNumber);
    const text = (maxLength: number) =>
      fc.array(fc.integer({ min: 1, max: 255 }), { maxLength }).map((codes) => String.fromCharCode(...codes));
    const packets = fc.record({
      op: fc.nat(255),
      htype: fc.nat(255),
      hlen: fc.nat(16),
      hops: fc.nat(255),
      xid: fc.integer({ min: 0, max: 0xffffffff }),
      secs: fc.nat(65535),
      flags: fc.nat(65535),
      ciaddr: ip,
      yiaddr: ip,
      siaddr: ip,
      giaddr: ip,
      chaddr: fc.uint8Array({ minLength: 16, maxLength: 16 }),
      sname: text(63),
      file: text(127),
      options: fc
        .array(fc.tuple(fc.integer({ min: 1, max: 254 }), fc.uint8Array({ maxLength: 600 })), { maxLength: 20 })
        .map((entries) => new Map(entries.filter(([code]) => code !== OptionCode.OptionOverload))),
    });
    fc.assert(
      fc.property(packets, (packet) => {
        expect(decoded(encodeDhcp(packet, { maxSizeBytes: 65_507 }))).toEqual(packet);
      }),
    );
  });

  it('D24 never exceeds its limit and never splits an option it could not place whole', () => {
    const options = fc
      .array(fc.tuple(fc.integer({ min: 1, max: 254 }), fc.uint8Array({ maxLength: 300 })), { maxLength: 20 })
      .map((entries) => new Map(entries.filter(([code]) => code !== OptionCode.OptionOverload)));
    fc.assert(
      fc.property(options, fc.integer({ min: 300, max: 1472 }), (given, maxSizeBytes) => {
        const dropped = new Set<number>();
        const bytes = encodeDhcp(packetWith(given), { maxSizeBytes, onDropped: (code) => dropped.add(code) });
        expect(bytes.length).toBeLessThanOrEqual(maxSizeBytes);
        expect(decoded(bytes).options).toEqual(new Map([...given].filter(([code]) => !dropped.has(code))));
      }),
    );
  });
});

describe('packet accessors', () => {
  it('reads the broadcast flag, the MAC and the message type', () => {
    const packet = packetWith([[53, Uint8Array.of(3)]], { flags: 0x8000 });
    expect(isBroadcastRequested(packet)).toBe(true);
    expect(isBroadcastRequested({ flags: 0x7fff })).toBe(false);
    expect(clientMac(packet)).toBe('525400aa0001');
    expect(clientMac({ ...packet, hlen: 8 })).toBeUndefined();
    expect(messageTypeOf(packet)).toBe(3);
    expect(messageTypeOf(packetWith([[53, Uint8Array.of(99)]]))).toBeUndefined();
  });

  it.each([
    { option: undefined, mtu: 1500, expected: 548 },
    { option: [2, 64], mtu: 1500, expected: 548 },
    { option: [0, 100], mtu: 1500, expected: 548 },
    { option: [5, 220], mtu: 1500, expected: 1472 },
    { option: [255, 255], mtu: 1500, expected: 1472 },
    { option: [5, 220], mtu: 1280, expected: 1252 },
  ])('D24 limits a reply to option 57 $option on a path of $mtu', ({ option, mtu, expected }) => {
    const packet = packetWith(option === undefined ? [] : [[57, Uint8Array.from(option)]]);
    expect(maxReplyBytes(packet, mtu)).toBe(expected);
  });
});
