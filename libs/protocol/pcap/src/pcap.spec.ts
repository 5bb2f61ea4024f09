import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Capture, CapturedFrame } from './capture.js';
import { decodeCapture } from './decode-capture.js';
import { findDatagram } from './find-datagram.js';

const octets = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');

/** UDP from 10.0.0.1:68 to 10.0.0.2:67 with the payload `ab cd`; RFC 791 section 3.1, RFC 768. */
const udp = octets('0044 0043 000a 0000 abcd');
const ipv4 = (payload: Buffer, { fragment = '0000', options = '', protocol = '11' } = {}): Buffer => {
  const header = octets(
    `4${(5 + options.length / 8).toString(16)}00 0000 0001 ${fragment} 40 ${protocol} 0000 0a000001 0a000002 ${options}`,
  );
  header.writeUInt16BE(header.length + payload.length, 2);
  return Buffer.concat([header, payload]);
};
const ethernet = (payload: Buffer, tags = ''): Buffer =>
  Buffer.concat([octets(`ffffffffffff 525400aa0001 ${tags} 0800`), payload]);

interface PcapForm {
  readonly isLittle?: boolean;
  readonly nanoseconds?: boolean;
  readonly linkType?: number;
}

function pcap(
  frames: readonly Buffer[],
  { isLittle = true, nanoseconds = false, linkType = 1 }: PcapForm = {},
): Buffer {
  const u32 = (...values: readonly number[]): Buffer => {
    const bytes = Buffer.alloc(values.length * 4);
    for (const [index, value] of values.entries()) {
      if (isLittle) bytes.writeUInt32LE(value, index * 4);
      else bytes.writeUInt32BE(value, index * 4);
    }
    return bytes;
  };
  const magic = nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4;
  const version = isLittle ? 0x0004_0002 : 0x0002_0004;
  const fraction = nanoseconds ? 500_000_000 : 500_000;
  const records = frames.flatMap((frame) => [u32(1_700_000_000, fraction, frame.length, frame.length), frame]);
  return Buffer.concat([u32(magic, version, 0, 0, 65_535, linkType), ...records]);
}

function decoded(bytes: Uint8Array): Capture {
  const capture = decodeCapture(bytes);
  if (!capture.ok) throw new Error(JSON.stringify(capture.fault));
  return capture.value;
}

const frameOf = (bytes: Buffer, linkType = 1): CapturedFrame => ({
  number: 1,
  atSeconds: 0,
  linkType,
  bytes,
  wireBytes: bytes.length,
});

describe('a pcap file', () => {
  it.each([[{}], [{ isLittle: false }], [{ nanoseconds: true }], [{ isLittle: false, nanoseconds: true }]])(
    'is read in the form %j',
    (form) => {
      const { frames } = decoded(pcap([ethernet(ipv4(udp)), octets('00')], form));
      expect(
        frames.map(({ number, atSeconds, linkType, wireBytes }) => ({ number, atSeconds, linkType, wireBytes })),
      ).toEqual([
        { number: 1, atSeconds: 1_700_000_000.5, linkType: 1, wireBytes: 44 },
        { number: 2, atSeconds: 1_700_000_000.5, linkType: 1, wireBytes: 1 },
      ]);
      expect(Buffer.from(frames[0]?.bytes ?? [])).toEqual(ethernet(ipv4(udp)));
    },
  );

  it('that ends inside a frame gives the frames before it and says where', () => {
    const whole = pcap([octets('0102'), octets('030405')]);
    const cut = decoded(whole.subarray(0, whole.length - 1));
    expect([cut.frames.length, cut.cutAt]).toEqual([1, 42]);
    expect(decoded(whole.subarray(0, 30)).cutAt).toBe(24);
  });

  it('that is none, or is damaged, is a fault', () => {
    expect(decodeCapture(octets('00'.repeat(40)))).toMatchObject({ ok: false, fault: { code: 'capture-unknown' } });
    const damaged = pcap([octets('01')]);
    damaged.writeUInt32LE(0xffff_ffff, 32);
    expect(decodeCapture(damaged)).toEqual({ ok: false, fault: { code: 'frame-too-long', offset: 24 } });
  });
});

/** Section header, an Ethernet interface with nanoseconds, an unknown block, an enhanced and a simple packet. */
const pcapng = octets(
  '0a0d0d0a 1c000000 4d3c2b1a 0100 0000 ffffffffffffffff 1c000000' +
    '01000000 20000000 0100 0000 00000000 0900 0100 09000000 0000 0000 20000000' +
    '0b000000 10000000 00000000 10000000' +
    '06000000 24000000 00000000 00000000 00ca9a3b 02000000 03000000 abcd0000 24000000' +
    '03000000 14000000 02000000 ef010000 14000000',
);

describe('a pcapng file', () => {
  it('gives the frames of its packet blocks', () => {
    expect(decoded(pcapng).frames).toEqual([
      { number: 1, atSeconds: 1, linkType: 1, bytes: Uint8Array.of(0xab, 0xcd), wireBytes: 3 },
      { number: 2, atSeconds: 0, linkType: 1, bytes: Uint8Array.of(0xef, 0x01), wireBytes: 2 },
    ]);
    expect(decoded(pcapng.subarray(0, pcapng.length - 3))).toMatchObject({ frames: [{ number: 1 }], cutAt: 112 });
  });

  it('of the other byte order, or damaged, is told apart', () => {
    const bigEndian = octets('0a0d0d0a 0000001c 1a2b3c4d 0001 0000 ffffffffffffffff 0000001c');
    expect(decoded(bigEndian).frames).toEqual([]);
    const damaged = Buffer.from(pcapng);
    damaged.writeUInt32LE(6, 32);
    expect(decodeCapture(damaged)).toEqual({ ok: false, fault: { code: 'block-malformed', offset: 28 } });
  });
});

const found = {
  kind: 'datagram',
  source: '10.0.0.1',
  destination: '10.0.0.2',
  sourcePort: 68,
  destinationPort: 67,
  payload: Uint8Array.of(0xab, 0xcd),
};

describe('a datagram in a frame', () => {
  it.each([
    ['Ethernet', frameOf(ethernet(ipv4(udp)))],
    ['Ethernet with padding', frameOf(Buffer.concat([ethernet(ipv4(udp)), octets('00'.repeat(16))]))],
    ['a VLAN tag', frameOf(ethernet(ipv4(udp), '8100 0007'))],
    ['two VLAN tags', frameOf(ethernet(ipv4(udp), '88a8 0002 8100 0007'))],
    ['IP header options', frameOf(ethernet(ipv4(udp, { options: '94040000' })))],
    ['raw IP', frameOf(ipv4(udp), 101)],
    ['Linux cooked', frameOf(Buffer.concat([octets('0000 0001 0006 525400aa0001 0000 0800'), ipv4(udp)]), 113)],
    [
      'Linux cooked v2',
      frameOf(Buffer.concat([octets('0800 0000 00000002 0001 00 06 525400aa0001 0000'), ipv4(udp)]), 276),
    ],
  ])('is found behind %s', (_, frame) => {
    expect(findDatagram(frame)).toEqual(found);
  });

  it.each([
    ['link-type-unknown', frameOf(ipv4(udp), 147)],
    ['not-ipv4', frameOf(octets('ffffffffffff 525400aa0001 86dd 6000'))],
    ['not-ipv4', frameOf(octets('60' + '00'.repeat(39)), 101)],
    ['not-udp', frameOf(ethernet(ipv4(udp, { protocol: '06' })))],
    ['fragment', frameOf(ethernet(ipv4(udp, { fragment: '2000' })))],
    ['fragment', frameOf(ethernet(ipv4(udp, { fragment: '0010' })))],
    ['cut-short', frameOf(ethernet(ipv4(udp)).subarray(0, 40))],
    ['cut-short', frameOf(octets('ffffff'))],
    ['malformed', frameOf(ethernet(ipv4(octets('0044 0043 0004 0000'))))],
    ['malformed', frameOf(ethernet(ipv4(octets('0044 0043 0100 0000'))))],
  ])('is %s and not guessed', (reason, frame) => {
    expect(findDatagram(frame)).toEqual({ kind: 'skipped', reason });
  });

  it('is looked for in any octets without throwing and without more work than octets', () => {
    const start = fc.constantFrom(pcap([ethernet(ipv4(udp))]), pcapng, ethernet(ipv4(udp)));
    fc.assert(
      fc.property(
        start,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 }),
        fc.nat(160),
        (whole, flips, end) => {
          const bytes = Buffer.from(whole.subarray(0, Math.max(end, 1)));
          for (const [at, value] of flips) bytes[at % bytes.length] = value;
          const capture = decodeCapture(bytes);
          const frames = capture.ok ? capture.value.frames : [frameOf(bytes)];
          for (const frame of frames) expect(findDatagram(frame).kind).toMatch(/datagram|skipped/);
          expect(frames.reduce((sum, frame) => sum + frame.bytes.length, 0)).toBeLessThanOrEqual(bytes.length);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
