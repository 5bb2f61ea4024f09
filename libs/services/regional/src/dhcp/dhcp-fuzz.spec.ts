import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeDhcp, MIN_PACKET_BYTES } from '@rackwright/protocol-dhcp4';
import { readCases, vectorFiles, VectorServer } from './conformance-fixture.js';

const MAX_UDP_PAYLOAD_BYTES = 65_507;
/** An Ethernet frame less the IP and UDP headers. */
const MAX_REPLY_BYTES = 1_472;

const octets = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
const cases = vectorFiles.flatMap((file) => readCases(file));
const sites = [...new Map(cases.map(({ site }) => [JSON.stringify(site), site])).values()];
const requests = [...new Set(cases.flatMap(({ steps }) => steps.map(({ request }) => request.hex)))].map(octets);

const site = fc.constantFrom(...sites);
const seed = fc.constantFrom(...requests);
const service = fc.constantFrom('dhcp' as const, 'boot-server' as const);

interface Damage {
  readonly flips: [number, number][];
  readonly cutTo: number | null;
  readonly inserted: [number, Uint8Array] | null;
}

/** What happens to octets on their way: they change, are cut off, or have others put between them. */
const damage: fc.Arbitrary<Damage> = fc.record({
  flips: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 12 }),
  cutTo: fc.option(fc.nat(700), { freq: 5 }),
  inserted: fc.option(fc.tuple(fc.nat(), fc.uint8Array({ maxLength: 300 })), { freq: 4 }),
});

function damaged(bytes: Uint8Array, { flips, cutTo, inserted }: Damage): Uint8Array {
  const [at, more] = inserted ?? [0, new Uint8Array(0)];
  const place = at % (bytes.length + 1);
  const result = Uint8Array.from([...bytes.subarray(0, place), ...more, ...bytes.subarray(place)]);
  for (const [index, value] of flips) if (result.length > 0) result[index % result.length] = value;
  return cutTo === null ? result : result.subarray(0, cutTo);
}

function expectSound(server: VectorServer, bytes: Uint8Array, where: 'dhcp' | 'boot-server'): void {
  const { reply, silence } = server.receive(bytes, { source_port: 68, service: where });
  expect((reply === undefined) !== (silence === undefined)).toBe(true);
  if (reply === undefined) return;
  const answer = octets(reply);
  expect(answer.length).toBeGreaterThanOrEqual(MIN_PACKET_BYTES);
  expect(answer.length).toBeLessThanOrEqual(MAX_REPLY_BYTES);
  expect(decodeDhcp(answer).ok).toBe(true);
}

function serverOf([first]: typeof sites): VectorServer {
  if (first === undefined) throw new Error('there are no vectors');
  return new VectorServer(first);
}

/** A message with an octet in each of as many options as there is room for. */
function fullOfOptions(sizeBytes: number): Uint8Array {
  const [message = new Uint8Array(0)] = requests;
  const bytes = new Uint8Array(sizeBytes);
  bytes.set(message.subarray(0, 240));
  for (let at = 240; at + 3 <= bytes.length; at += 3) bytes.set([1 + (at % 253), 1, 7], at);
  return bytes;
}

function timeMs(work: () => void): number {
  const beganMs = performance.now();
  work();
  return performance.now() - beganMs;
}

describe('D45 whatever arrives', () => {
  it('D45 random octets are never answered wrongly and end nothing', () => {
    fc.assert(
      fc.property(site, service, fc.uint8Array({ maxLength: 1_000 }), (at, where, bytes) => {
        expectSound(new VectorServer(at), bytes, where);
      }),
      { numRuns: 500 },
    );
  });

  it('D45 damaged messages of real conversations are answered soundly or not at all', () => {
    fc.assert(
      fc.property(site, fc.array(fc.tuple(seed, damage, service), { minLength: 1, maxLength: 8 }), (at, messages) => {
        const server = new VectorServer(at);
        for (const [bytes, how, where] of messages) expectSound(server, damaged(bytes, how), where);
        expect(server.table.size).toBeLessThanOrEqual(messages.length);
      }),
      { numRuns: 2_000 },
    );
  }, 300_000);

  it('D45 options of any content after a sound header are read or refused', () => {
    const option = fc.tuple(fc.integer({ min: 1, max: 254 }), fc.uint8Array({ maxLength: 255 }));
    fc.assert(
      fc.property(site, fc.tuple(seed, service), fc.array(option, { maxLength: 20 }), (at, [bytes, where], options) => {
        const extra = options.flatMap(([code, value]) => [code, value.length, ...value]);
        expectSound(new VectorServer(at), Uint8Array.from([...bytes.subarray(0, 240), 53, 1, 1, ...extra, 255]), where);
      }),
      { numRuns: 1_000 },
    );
  }, 300_000);

  it('D45 a datagram of 64 KB full of the smallest options costs no more than its size', () => {
    const server = serverOf(sites);
    const small = fullOfOptions(MAX_UDP_PAYLOAD_BYTES / 8);
    const large = fullOfOptions(MAX_UDP_PAYLOAD_BYTES);
    const least = { small: Infinity, large: Infinity };
    // The least of many is the work itself, without what else the machine did; were it quadratic, it would be 64 times.
    for (let round = 0; round < 200 && (round < 5 || least.large > 24 * least.small); round += 1) {
      least.small = Math.min(
        least.small,
        timeMs(() => expectSound(server, small, 'dhcp')),
      );
      least.large = Math.min(
        least.large,
        timeMs(() => expectSound(server, large, 'dhcp')),
      );
    }
    expect(least.large / least.small).toBeLessThan(24);
    expect(server.table.size).toBe(0);
  });
});
