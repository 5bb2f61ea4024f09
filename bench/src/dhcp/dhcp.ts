import { scaled, type Bench, type Benchmark } from '../benchmark.js';
import type { Figure } from '../report/figure.js';
import { median } from '../report/statistics.js';
import { dnsmasq } from './dnsmasq.js';
import { kea } from './kea.js';
import { LoadSegment } from './load-segment.js';
import { processorMs, type Peer } from './peer.js';
import { perfdhcp } from './perfdhcp.js';
import { rackwright } from './rackwright.js';
import { searchRate } from './search-rate.js';

const ROUNDS = 3;
const RUN_SECONDS = 4;
const MAX_DROP_SHARE = 0.01;
/** A load generator that does not keep up says nothing of the server. */
const MIN_OFFERED_SHARE = 0.95;
const SEARCH = { startPerSecond: 500, maxPerSecond: 64_000, precision: 0.06 } as const;
/** Long enough for a just-in-time compiler, and given to all. */
const WARM_UP = { perSecond: 1_500, seconds: 8 } as const;
const PEERS = [rackwright, kea, dnsmasq] as const;

interface PeerResult {
  readonly perSecond: number;
  /** Processor time of the server per exchange, in microseconds, at the highest rate it sustained. */
  readonly processorUs: number;
}

/** How many exchanges of DISCOVER, OFFER, REQUEST and ACK a second a region completes, beside the servers of others. */
export const dhcp: Benchmark = {
  name: 'dhcp',
  summary: 'perfdhcp: four-message exchanges per second at <= 1 % drops, beside Kea (memfile) and dnsmasq',
  async run(bench) {
    await using segment = await LoadSegment.create();
    const results = new Map<Peer, PeerResult[]>(PEERS.map((peer) => [peer, []]));
    for (let round = 1; round <= scaled(ROUNDS, bench); round += 1) {
      for (const peer of PEERS) {
        const result = await measure(segment, peer, bench);
        const { perSecond, processorUs } = result;
        bench.say(`round ${String(round)}: ${peer.name} ${perSecond.toFixed(0)}/s, ${processorUs.toFixed(0)} us each`);
        results.get(peer)?.push(result);
      }
    }
    return figuresOf(results);
  },
};

async function measure(segment: LoadSegment, peer: Peer, bench: Bench): Promise<PeerResult> {
  await using server = await peer.start(segment);
  await perfdhcp(segment, WARM_UP.perSecond, WARM_UP.seconds);
  const { perSecond, best } = await searchRate(SEARCH, async (rate) => {
    const before = await processorMs(server.pid);
    const run = await perfdhcp(segment, rate, RUN_SECONDS);
    server.assertAlive();
    const usedMs = (await processorMs(server.pid)) - before;
    const isSustained = run.dropShare <= MAX_DROP_SHARE && run.offeredPerSecond >= rate * MIN_OFFERED_SHARE;
    const processorUs = (usedMs * 1_000) / Math.max(1, run.completed);
    bench.say(
      `${peer.name} at ${rate.toFixed(0)}/s: ${(run.dropShare * 100).toFixed(1)} % dropped, ` +
        `${processorUs.toFixed(0)} us of processor time per exchange`,
    );
    return { isSustained, processorUs };
  });
  return { perSecond, processorUs: best?.processorUs ?? 0 };
}

function figuresOf(results: ReadonlyMap<Peer, readonly PeerResult[]>): readonly Figure[] {
  const medianOf = (peer: Peer, pick: (result: PeerResult) => number): number =>
    median((results.get(peer) ?? []).map(pick));
  const rate = (peer: Peer): number => medianOf(peer, ({ perSecond }) => perSecond);
  const cost = (peer: Peer): number => medianOf(peer, ({ processorUs }) => processorUs) / 1_000;
  const figure = (name: string, value: number, unit: Figure['unit']): Figure => ({
    benchmark: dhcp.name,
    name,
    value,
    unit,
  });
  return [
    ...PEERS.map((peer) => figure(`${peer.name} exchanges`, rate(peer), '/s')),
    { ...figure('rackwright / kea', rate(rackwright) / rate(kea), 'x'), target: { bound: 'at-least', limit: 1 } },
    figure('rackwright / dnsmasq', rate(rackwright) / rate(dnsmasq), 'x'),
    ...PEERS.map((peer) => figure(`${peer.name} processor time per exchange`, cost(peer), 'ms')),
  ];
}
