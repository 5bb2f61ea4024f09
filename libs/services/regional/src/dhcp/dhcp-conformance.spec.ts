import { describe, expect, it } from 'vitest';
import { decodeDhcp, MessageType, messageTypeOf, MIN_PACKET_BYTES, OptionCode } from '@rackwright/protocol-dhcp4';
import {
  readablePacket,
  readCases,
  vectorFiles,
  VectorServer,
  type VectorPacket,
  type VectorStep,
} from './conformance-fixture.js';

const octets = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

function decoded(hex: string) {
  const packet = decodeDhcp(octets(hex));
  if (!packet.ok) throw new Error(packet.fault.code);
  return packet.value;
}

function expectReadable({ hex, packet }: VectorPacket): void {
  if (packet !== undefined) expect(readablePacket(decoded(hex))).toEqual(packet);
}

/** Codes of the options field as they lie there, and where it ends. */
function wireOptions(bytes: Uint8Array): { readonly codes: readonly number[]; readonly hasEnd: boolean } {
  const codes: number[] = [];
  let at = 240;
  while (at < bytes.length && bytes[at] !== OptionCode.End) {
    const code = bytes[at] ?? 0;
    if (code !== OptionCode.Pad) codes.push(code);
    at += code === OptionCode.Pad ? 1 : 2 + (bytes[at + 1] ?? 0);
  }
  return { codes, hasEnd: bytes[at] === OptionCode.End };
}

function play({ site, steps }: ReturnType<typeof readCases>[number]): void {
  const server = new VectorServer(site);
  for (const step of steps) {
    server.pass(step.after_seconds ?? 0);
    expectReadable(step.request);
    if (step.reply !== undefined) expectReadable(step.reply);
    const { events, ...outcome } = server.receive(octets(step.request.hex), step.arrival);
    expectOutcome(step, outcome);
    if (step.events !== undefined) expect(events).toEqual(step.events);
    if (step.leases !== undefined) expect(server.leases()).toEqual(step.leases);
  }
}

/** In words first, because nobody can read the octets of two packets that differ. */
function expectOutcome({ reply, to, silence }: VectorStep, outcome: ReturnType<VectorServer['receive']>): void {
  if (outcome.reply !== undefined && reply?.packet !== undefined && outcome.reply !== reply.hex) {
    expect(readablePacket(decoded(outcome.reply))).toEqual(reply.packet);
  }
  expect(outcome).toEqual({ reply: reply?.hex, to, silence });
}

describe.each(vectorFiles)('DHCP conformance: %s', (file) => {
  it.each(readCases(file).map((each) => [`${each.name} (${each.reference})`, each] as const))('%s', (_, each) => {
    play(each);
  });
});

const replies = vectorFiles.flatMap((file) =>
  readCases(file).flatMap(({ name, steps }) =>
    steps.flatMap(({ reply, request }) =>
      reply === undefined ? [] : [{ name, reply: reply.hex, request: request.hex }],
    ),
  ),
);

describe('every reply of the vectors', () => {
  it('D46 has at least 300 octets and an end option (RFC 1542 section 2.1)', () => {
    expect(replies.length).toBeGreaterThan(150);
    for (const { name, reply } of replies) {
      expect([name, octets(reply).length >= MIN_PACKET_BYTES]).toEqual([name, true]);
      expect([name, wireOptions(octets(reply)).hasEnd]).toEqual([name, true]);
    }
  });

  it('D10 that gives an address carries 53, 54 and 51; none carries 50, 55 or 57 (RFC 2131 table 3)', () => {
    for (const { name, reply } of replies) {
      const packet = decoded(reply);
      for (const code of [50, 55, 57]) expect([name, packet.options.has(code)]).toEqual([name, false]);
      const type = messageTypeOf(packet);
      if (type === undefined || type === MessageType.DHCPNAK || packet.yiaddr === '0.0.0.0') continue;
      for (const code of [53, 54, 51]) expect([name, packet.options.has(code)]).toEqual([name, true]);
    }
  });

  it('D23 D27 has 53 first, 1 before 3 and 82 last (RFC 2132 section 3.3, RFC 3046 section 2.2)', () => {
    for (const { name, reply } of replies) {
      const { codes } = wireOptions(octets(reply));
      if (codes.includes(53)) expect([name, codes[0]]).toEqual([name, 53]);
      if (codes.includes(3)) expect([name, codes.indexOf(1) < codes.indexOf(3)]).toEqual([name, true]);
      if (codes.includes(82)) expect([name, codes.at(-1)]).toEqual([name, 82]);
    }
  });

  it('D36 of class PXEClient has sub-option 6 of option 43 with bit 3 (PXE 2.1 table 2-1)', () => {
    const pxe = replies.filter(
      ({ reply }) => Buffer.from(decoded(reply).options.get(60) ?? []).toString() === 'PXEClient',
    );
    expect(pxe.length).toBeGreaterThan(30);
    for (const { name, reply } of pxe) {
      const vendor = Buffer.from(decoded(reply).options.get(43) ?? []).toString('hex');
      expect([name, vendor.startsWith('060108')]).toEqual([name, true]);
    }
  });
});
