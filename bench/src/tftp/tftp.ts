import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startLab } from '@rackwright/testing';
import { scaled, type Bench, type Benchmark } from '../benchmark.js';
import type { Figure } from '../report/figure.js';
import { median, ratios } from '../report/statistics.js';
import { WORD_BYTES, type Load, type LoadResult } from './client/load.js';
import { launchPeers, type Peer } from './peers.js';
import { ALL_PROCESSORS, keepTo, ONE_PROCESSOR, runOn } from './processors.js';

const IDC = 'dc1';
const FILE = 'bench.bin';
const FILE_BYTES = 50 * 1_048_576;
const BYTES_PER_MB = 1_000_000;
const ROUNDS = 5;
/** One client reads the whole file; this is for a server that hangs. */
const MAX_SECONDS_ALONE = 20;
/** A hundred clients would take minutes for the whole file: they read for so long. */
const SECONDS_TOGETHER = 3;
const CLIENT = fileURLToPath(new URL('./client/main.js', import.meta.url));

interface Point {
  readonly blockSizeBytes: number;
  readonly windowBlocks: number;
  readonly clients: number;
}

const points: readonly Point[] = [1, 100].flatMap((clients) => [
  { blockSizeBytes: 512, windowBlocks: 1, clients },
  { blockSizeBytes: 1_468, windowBlocks: 1, clients },
  { blockSizeBytes: 1_468, windowBlocks: 16, clients },
]);

/** Reading a file of 50 MiB, beside the servers people use. */
export const tftp: Benchmark = {
  name: 'tftp',
  summary: 'throughput of TFTP at three block and window sizes, against tftpd-hpa, atftpd and dnsmasq',
  async run(bench) {
    await using stack = new AsyncDisposableStack();
    const stateDir = await mkdtemp(join(tmpdir(), 'rw-bench-tftp-'));
    stack.defer(() => rm(stateDir, { recursive: true, force: true }));
    const lab = stack.use(await startLab({ hasDurableEtcd: true, idcs: [IDC], stateDir, onProgress: bench.say }));
    const root = join(stateDir, 'assets');
    await writeFile(join(root, FILE), numberedWords());
    const { tftpPort, service } = lab.region(IDC);
    const ours = { name: 'Rackwright', address: '127.0.0.1', port: tftpPort, pid: service.pid };
    const peers = await launchPeers(root, FILE, stack);
    const figures: Figure[] = [];
    for (const point of points) figures.push(...(await compare(point, { ours, peers }, bench)));
    return figures;
  },
};

type Server = Omit<Peer, typeof Symbol.asyncDispose>;

/** Every word of the file is its own number, by which the client sees that a block is the right one. */
function numberedWords(): Buffer {
  const content = Buffer.alloc(FILE_BYTES);
  for (let at = 0; at < FILE_BYTES; at += WORD_BYTES) content.writeUInt32LE(at / WORD_BYTES, at);
  return content;
}

/**
 * The servers take turns, so that none meets another machine, and only slices of one round are compared: with each peer
 * by itself, of which the smallest quotient counts. (The best slice of three peers would be the luckiest as well.)
 */
async function compare(
  point: Point,
  { ours, peers }: { readonly ours: Server; readonly peers: readonly Server[] },
  bench: Bench,
): Promise<readonly Figure[]> {
  const servers = [ours, ...peers];
  const rates = new Map(servers.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round < scaled(ROUNDS, bench, 1); round += 1) {
    for (const server of servers) {
      const result = await read(point, server);
      rates.get(server.name)?.push(result.bytes / BYTES_PER_MB / result.seconds);
      bench.say(lineOf(point, server.name, result));
    }
  }
  const label = labelOf(point);
  const measured = [...rates].map(([name, values]): Figure => {
    return { benchmark: tftp.name, name: `${label}: ${name}`, value: median(values), unit: 'MB/s' };
  });
  const own = rates.get(ours.name) ?? [];
  const quotients = peers.map(({ name }) => median(ratios(own, rates.get(name) ?? [])));
  const target = { bound: 'at-least', limit: 1 } as const;
  return [
    ...measured,
    {
      benchmark: tftp.name,
      name: `${label}: Rackwright / best of them`,
      value: Math.min(...quotients),
      unit: 'x',
      target,
    },
  ];
}

/**
 * One client and its server share a processor: they never work at the same time, and where the system happens to put
 * them would make a difference of a factor of four. A hundred clients leave work for all processors.
 */
async function read(point: Point, { address, port, pid }: Server): Promise<LoadResult> {
  const isAlone = point.clients === 1;
  const processors = isAlone ? ONE_PROCESSOR : ALL_PROCESSORS;
  await keepTo(processors, pid);
  const maxSeconds = isAlone ? MAX_SECONDS_ALONE : SECONDS_TOGETHER;
  const load: Load = { ...point, address, port, file: FILE, fileBytes: FILE_BYTES, maxSeconds };
  return JSON.parse(await runOn(processors, CLIENT, JSON.stringify(load))) as LoadResult;
}

function labelOf({ blockSizeBytes, windowBlocks, clients }: Point): string {
  const window = windowBlocks === 1 ? '' : ` x ${String(windowBlocks)}`;
  return `blksize ${String(blockSizeBytes)}${window}, ${String(clients)} client${clients === 1 ? '' : 's'}`;
}

function lineOf(point: Point, name: string, result: LoadResult): string {
  const { bytes, seconds, cpuSeconds, stalls, gaps, windowBlocks } = result;
  const share = ((100 * cpuSeconds) / seconds).toFixed(0);
  const rate = (bytes / BYTES_PER_MB / seconds).toFixed(1);
  const trouble = stalls + gaps === 0 ? '' : `, ${String(stalls)} stalls, ${String(gaps)} gaps`;
  return `${labelOf(point)}: ${name} ${rate} MB/s, window ${String(windowBlocks)}, client ${share} % of a processor${trouble}`;
}
