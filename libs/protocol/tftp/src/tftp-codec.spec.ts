import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeTftp, encodeTftp, errorFor, type TftpPacket } from './index.js';

const wire = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));

const vectors: readonly (readonly [string, TftpPacket])[] = [
  ['\0\x01boot.ipxe\0octet\0', { kind: 'rrq', filename: 'boot.ipxe', mode: 'octet', options: new Map() }],
  [
    '\0\x01ipxe.efi\0octet\0tsize\x000\0blksize\x001468\0',
    {
      kind: 'rrq',
      filename: 'ipxe.efi',
      mode: 'octet',
      options: new Map([
        ['tsize', '0'],
        ['blksize', '1468'],
      ]),
    },
  ],
  ['\0\x02x\0octet\0', { kind: 'wrq', filename: 'x', mode: 'octet', options: new Map() }],
  ['\0\x03\x01\x02abc', { kind: 'data', block: 258, data: wire('abc') }],
  ['\0\x03\xff\xff', { kind: 'data', block: 65_535, data: wire('') }],
  ['\0\x04\0\x07', { kind: 'ack', block: 7 }],
  ['\0\x05\0\x01File not found\0', { kind: 'error', code: 1, message: 'File not found' }],
  ['\0\x06blksize\x001468\0', { kind: 'oack', options: new Map([['blksize', '1468']]) }],
];

describe('decodeTftp and encodeTftp', () => {
  it.each(vectors)('read and write %j', (octets, packet) => {
    expect(decodeTftp(wire(octets))).toEqual({ ok: true, value: packet });
    expect(Uint8Array.from(encodeTftp(packet))).toEqual(wire(octets));
  });

  it.each([
    ['', 'packet-too-short', undefined],
    ['\0\x04\0', 'packet-too-short', undefined],
    ['\0\x09\0\0', 'opcode-unknown', 4],
    ['\x01\x01ab', 'opcode-unknown', 4],
    ['\0\x01boot.ipxe', 'text-unterminated', 4],
    ['\0\x01boot.ipxe\0octet', 'text-unterminated', 4],
    ['\0\x01f\0octet\0blksize', 'text-unterminated', 4],
    ['\0\x01f\0octet\0blksize\x001468', 'text-unterminated', 4],
    ['\0\x01f\0octet\0blksize\0', 'option-value-missing', 8],
    [`\0\x01${'f'.repeat(510)}\0octet\0`, 'request-too-long', 4],
  ])('T6 faults %j', (octets, code, errorCode) => {
    const result = decodeTftp(wire(octets));
    if (result.ok) throw new Error('decoded');
    expect(result.fault.code).toBe(code);
    expect(errorFor(result.fault)?.code).toBe(errorCode);
  });

  it('T8 T12 compares mode and option names without case, and refuses an option given twice', () => {
    expect(decodeTftp(wire('\0\x01f\0OcTeT\0BlkSize\x00512\0'))).toMatchObject({
      value: { mode: 'octet', options: new Map([['blksize', '512']]) },
    });
    const twice = decodeTftp(wire('\0\x01f\0octet\0blksize\x00512\0BLKSIZE\x00512\0'));
    expect(twice).toMatchObject({ ok: false, fault: { code: 'option-duplicated' } });
    expect(twice.ok ? undefined : errorFor(twice.fault)?.code).toBe(8);
  });

  it('reads an ERROR without a terminated message, which ends a transfer all the same', () => {
    expect(decodeTftp(wire('\0\x05\0\0'))).toMatchObject({ value: { kind: 'error', code: 0, message: '' } });
    expect(decodeTftp(wire('\0\x05\0\x08no'))).toMatchObject({ value: { code: 8, message: 'no' } });
  });

  it('never throws on garbage', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.integer({ min: 0, max: 7 }), (bytes, opcode) => {
        for (const datagram of [bytes, Uint8Array.of(0, opcode, ...bytes)]) {
          const result = decodeTftp(datagram);
          expect(result.ok || result.fault.offset <= datagram.length).toBe(true);
        }
      }),
    );
  });

  it('round-trips requests', () => {
    const text = fc.string({ maxLength: 40 }).map((value) => value.replaceAll('\0', ''));
    const options = fc.array(
      fc.tuple(
        text.map((name) => name.toLowerCase()),
        text,
      ),
      { maxLength: 4 },
    );
    fc.assert(
      fc.property(text, options, (filename, entries) => {
        const packet: TftpPacket = { kind: 'rrq', filename, mode: 'octet', options: new Map(entries) };
        expect(decodeTftp(encodeTftp(packet))).toEqual({ ok: true, value: packet });
      }),
    );
  });
});
