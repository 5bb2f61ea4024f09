import type { Ipv4 } from '@rackwright/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { internetChecksum } from './internet-checksum.js';
import { encodeIpv4Datagram } from './ipv4-datagram.js';

const from = { address: '10.77.1.1' as Ipv4, port: 67 };
const to = { address: '10.77.1.50' as Ipv4, port: 68 };
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** The sum of a packet with its checksums in place is all ones: RFC 1071 section 1 (3). */
function verdicts(packet: Buffer): { readonly header: number; readonly datagram: number } {
  const pseudo = Buffer.concat([packet.subarray(12, 20), Buffer.of(0, 17), packet.subarray(24, 26)]);
  const datagram = internetChecksum(Buffer.concat([pseudo, packet.subarray(20)]));
  return { header: internetChecksum(packet.subarray(0, 20)), datagram };
}

describe('encodeIpv4Datagram', () => {
  it('D8 writes both headers with their checksums (RFC 791 section 3.1, RFC 768)', () => {
    const packet = encodeIpv4Datagram({ bytes: Buffer.from('offer'), from, to });
    expect(hex(packet)).toBe(
      [
        '4500002100004000401124000a4d01010a4d0132', // 33 octets, do not fragment, 64 hops, UDP
        '00430044000da0b4', // 67 to 68, 13 octets
        '6f66666572',
      ].join(''),
    );
  });

  it('D8 checks itself for any content', () => {
    const address = fc.nat(0xffff_ffff).map((value) => {
      const octets = [24, 16, 8, 0].map((shift) => (value >>> shift) & 255);
      return octets.join('.') as Ipv4;
    });
    const endpoint = fc.record({ address, port: fc.nat(0xffff) });
    const datagram = fc.record({ bytes: fc.uint8Array({ maxLength: 1500 }), from: endpoint, to: endpoint });
    fc.assert(
      fc.property(datagram, (value) => {
        const packet = encodeIpv4Datagram({ ...value });
        expect(verdicts(packet)).toEqual({ header: 0, datagram: 0 });
        // Zero would mean "no checksum".
        expect(packet.readUInt16BE(26)).not.toBe(0);
      }),
    );
  });

  it('writes a checksum of zero as all ones (RFC 768)', () => {
    const bare = encodeIpv4Datagram({ bytes: Uint8Array.of(0, 0), from, to });
    const bytes = Uint8Array.of(bare[26] ?? 0, bare[27] ?? 0);
    expect(encodeIpv4Datagram({ bytes, from, to }).readUInt16BE(26)).toBe(0xffff);
  });
});
