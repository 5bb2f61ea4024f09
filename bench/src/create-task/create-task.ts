import { OUTBOX_PREFIX } from '@rackwright/contracts';
import { startLab, waitFor } from '@rackwright/testing';
import { scaled, type Bench, type Benchmark } from '../benchmark.js';
import { JsonClient } from '../lab/json-client.js';
import { createTaskBody } from '../lab/machine-names.js';
import { RawEtcd } from '../lab/raw-etcd.js';
import type { Figure } from '../report/figure.js';
import { median, percentile, ratios } from '../report/statistics.js';
import { RawTransaction } from './raw-transaction.js';
import { latencySlice, throughputSlice, type Operation } from './slices.js';

/** No region serves it: regions run elsewhere, and here they would take processor time from what is measured. */
const IDC = 'bench';
const LATENCY_ROUNDS = 40;
const OPERATIONS_PER_SLICE = 25;
const THROUGHPUT_ROUNDS = 8;
const SLICE_MS = 1_500;
const CALLERS = 16;
const WARM_UP_ROUNDS = 4;
/** Rounds of throughput not counted: until then the compiler of V8 still improves both sides. */
const THROUGHPUT_WARM_UP_ROUNDS = 3;

/** The two sides, in the order they are measured within a round. */
interface Sides {
  readonly ours: Operation;
  readonly raw: Operation;
  /** Lets what our operations cause in the background finish before the other side is measured. */
  readonly settle: () => Promise<void>;
}

/** Creating tasks through the API against the transaction that it comes down to. */
export const createTask: Benchmark = {
  name: 'create-task',
  summary: 'POST /api/v1/tasks against a raw etcd transaction of the same size',
  async run(bench) {
    await using lab = await startLab({ hasDurableEtcd: true, idcs: [], onProgress: bench.say });
    using etcd = new RawEtcd(lab.etcd.endpoint);
    using api = new JsonClient(lab.controlPlane.url, CALLERS);
    const raw = await RawTransaction.copiedFrom(api, etcd, { idc: IDC, number: 1 });
    bench.say(
      `the transaction has ${String(raw.conditions)} conditions, ${String(raw.writes)} writes, ${String(raw.bytes)} bytes`,
    );
    let number = 1;
    const sides: Sides = {
      ours: async () => {
        const body = createTaskBody(IDC, ++number);
        await api.must({ method: 'POST', path: '/api/v1/tasks', body });
      },
      raw: () => raw.run(++number),
      settle: () => outboxIsEmpty(etcd),
    };
    await latencies(sides, WARM_UP_ROUNDS);
    const latency = await measureLatency(sides, bench);
    return [...latency, ...(await measureThroughput(sides, bench))];
  },
};

async function latencies(sides: Sides, rounds: number): Promise<Record<'ours' | 'raw', number[]>> {
  const samples = { ours: [] as number[], raw: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    samples.ours.push(...(await latencySlice(sides.ours, OPERATIONS_PER_SLICE)));
    await sides.settle();
    samples.raw.push(...(await latencySlice(sides.raw, OPERATIONS_PER_SLICE)));
  }
  return samples;
}

async function measureLatency(sides: Sides, bench: Bench): Promise<readonly Figure[]> {
  const rounds = scaled(LATENCY_ROUNDS, bench, 4);
  bench.say(`latency: ${String(rounds)} rounds of ${String(OPERATIONS_PER_SLICE)} each`);
  const { ours, raw } = await latencies(sides, rounds);
  const rawMedianMs = median(raw);
  const figure = (name: string, value: number): Figure => ({ benchmark: createTask.name, name, value, unit: 'ms' });
  return [
    {
      ...figure('latency p50', median(ours)),
      target: { bound: 'at-most', limit: 2 * rawMedianMs + 1, because: '2 x raw p50 + 1 ms' },
    },
    figure('raw latency p50', rawMedianMs),
    figure('latency p99', percentile(ours, 0.99)),
    figure('raw latency p99', percentile(raw, 0.99)),
  ];
}

async function measureThroughput(sides: Sides, bench: Bench): Promise<readonly Figure[]> {
  const rounds = scaled(THROUGHPUT_ROUNDS, bench, 2);
  bench.say(`throughput: ${String(rounds)} rounds of ${String(SLICE_MS)} ms each, ${String(CALLERS)} callers`);
  const slice = { callers: CALLERS, durationMs: SLICE_MS };
  const rates = { ours: [] as number[], raw: [] as number[] };
  for (let round = -THROUGHPUT_WARM_UP_ROUNDS; round < rounds; round += 1) {
    const ours = await throughputSlice(sides.ours, slice);
    await sides.settle();
    const raw = await throughputSlice(sides.raw, slice);
    if (round < 0) continue;
    rates.ours.push(ours);
    rates.raw.push(raw);
  }
  const figure = (name: string, value: number): Figure => ({ benchmark: createTask.name, name, value, unit: '/s' });
  return [
    figure('throughput', median(rates.ours)),
    figure('raw throughput', median(rates.raw)),
    {
      ...figure('throughput / raw', median(ratios(rates.ours, rates.raw))),
      unit: 'x',
      target: { bound: 'at-least', limit: 0.5 },
    },
  ];
}

async function outboxIsEmpty(etcd: RawEtcd): Promise<void> {
  await waitFor(async () => (await etcd.count(OUTBOX_PREFIX)) === 0, {
    what: 'all events have left the outbox',
    deadlineMs: 60_000,
  });
}
