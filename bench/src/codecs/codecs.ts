import { readFile } from 'node:fs/promises';
import { decodeDhcp, encodeDhcp } from '@rackwright/protocol-dhcp4';
import { decodeTftp, encodeTftp, ReadSession, type TftpRequest } from '@rackwright/protocol-tftp';
import { scaled, type Bench, type Benchmark } from '../benchmark.js';
import type { Figure } from '../report/figure.js';
import { median } from '../report/statistics.js';

const VECTORS = new URL('../../../fixtures/dhcp/clients.json', import.meta.url);
const ROUNDS = 7;
const PACKETS_PER_ROUND = 50_000;
const FILE_BYTES = 32 * 1_048_576;
/** What boot ROMs ask for: a block that fits an Ethernet frame. */
const BLOCK_BYTES = 1_428;
const BYTES_PER_MB = 1_000_000;

/** The protocol engines alone, without sockets. */
export const codecs: Benchmark = {
  name: 'codecs',
  summary: 'DHCP packets and TFTP blocks per second, without sockets',
  async run(bench) {
    const packets = await clientPackets();
    const dhcp = bestOf(bench, 'DHCP', () => dhcpRate(packets, scaled(PACKETS_PER_ROUND, bench, 1_000)));
    const tftp = bestOf(bench, 'TFTP', () => tftpRate(new Uint8Array(FILE_BYTES)));
    const figure = (name: string, value: number): Figure => ({ benchmark: codecs.name, name, value, unit: '/s' });
    return [
      figure('DHCP packets decoded and encoded', dhcp),
      { ...figure(`TFTP read, blocks of ${String(BLOCK_BYTES)} octets`, tftp / BYTES_PER_MB), unit: 'MB/s' },
    ];
  },
};

/** The median rate of some rounds after one to warm up. */
function bestOf(bench: Bench, what: string, rate: () => number): number {
  bench.say(what);
  rate();
  return median(Array.from({ length: ROUNDS }, rate));
}

async function clientPackets(): Promise<readonly Uint8Array[]> {
  const { vectors } = JSON.parse(await readFile(VECTORS, 'utf8')) as { vectors: readonly { readonly hex: string }[] };
  return vectors.map(({ hex }) => Buffer.from(hex, 'hex'));
}

function dhcpRate(packets: readonly Uint8Array[], count: number): number {
  const startedAt = performance.now();
  for (let done = 0; done < count; done += 1) {
    const decoded = decodeDhcp(packets[done % packets.length] ?? new Uint8Array());
    if (!decoded.ok) throw new Error(`a captured packet was not understood: ${decoded.fault.code}`);
    encodeDhcp(decoded.value, { maxSizeBytes: 1_472 });
  }
  return (count * 1_000) / (performance.now() - startedAt);
}

/** Octets per second of one transfer in lock step, each packet encoded and decoded as on the wire. */
function tftpRate(file: Uint8Array): number {
  const options = new Map([
    ['blksize', String(BLOCK_BYTES)],
    ['tsize', '0'],
  ]);
  const request: TftpRequest = { kind: 'rrq', filename: 'initrd', mode: 'octet', options };
  const startedAt = performance.now();
  const session = new ReadSession({ request, sizeBytes: file.length, nowMs: 0 });
  while (session.outcome === undefined) {
    const range = session.want();
    if (range !== undefined) session.supply(range.offset, file.subarray(range.offset, range.offset + range.length));
    for (const packet of session.takeOutgoing()) session.receive(answerTo(encodeTftp(packet)));
  }
  if (session.outcome.kind !== 'completed') throw new Error(`the transfer ended as ${session.outcome.kind}`);
  return (file.length * 1_000) / (performance.now() - startedAt);
}

function answerTo(datagram: Uint8Array): { readonly kind: 'ack'; readonly block: number } {
  const packet = decodeTftp(datagram);
  if (!packet.ok) throw new Error(packet.fault.code);
  const ack = decodeTftp(encodeTftp({ kind: 'ack', block: packet.value.kind === 'data' ? packet.value.block : 0 }));
  if (!ack.ok || ack.value.kind !== 'ack') throw new Error('an acknowledgement did not survive its encoding');
  return ack.value;
}
