import { describe, expect, it } from 'vitest';
import { decodeEchoReply, encodeEcho, payloadOf } from './icmp-echo.js';
import { internetChecksum } from './internet-checksum.js';

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

describe('the echo messages of RFC 792', () => {
  it('D47 asks with a type of 8 and a checksum', () => {
    const request = encodeEcho({ identifier: 0x1234, sequence: 7 });
    expect(request).toEqual(Buffer.from(hex('08 00 e5c4 1234 0007')));
    expect(internetChecksum(request)).toBe(0);
  });

  it('D47 reads a reply, whatever content follows', () => {
    expect(decodeEchoReply(hex('00 00 edc4 1234 0007 ffff'))).toEqual({ identifier: 0x1234, sequence: 7 });
  });

  it.each([
    { name: 'a request', bytes: '08 00 e5c4 1234 0007' },
    { name: 'host unreachable', bytes: '03 01 fcfe 0000 0000' },
    { name: 'a code', bytes: '00 01 edc4 1234 0007' },
    { name: 'a cut reply', bytes: '00 00 edc4 1234 00' },
    { name: 'nothing', bytes: '' },
  ])('takes $name for no reply', ({ bytes }) => {
    expect(decodeEchoReply(hex(bytes))).toBeUndefined();
  });

  it.each([
    { name: 'a plain header', packet: `45${'00'.repeat(19)}aabb`, payload: 'aabb' },
    { name: 'a header with options', packet: `46${'00'.repeat(23)}aabb`, payload: 'aabb' },
    { name: 'a cut header', packet: '4500', payload: '' },
    { name: 'nothing', packet: '', payload: '' },
  ])('finds what is behind $name', ({ packet, payload }) => {
    expect(payloadOf(hex(packet))).toEqual(hex(payload));
  });
});
