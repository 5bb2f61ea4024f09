import { EtcdStore } from '@rackwright/adapter-etcd-store';
import type { TaskRecord } from '@rackwright/contracts';
import { silentLogger } from '@rackwright/kernel';
import { RealClock, SeededRandom, startLab } from '@rackwright/testing';
import { scaled, type Bench, type Benchmark } from '../benchmark.js';
import { JsonClient } from '../lab/json-client.js';
import { createTaskBody, macOf, snOf } from '../lab/machine-names.js';
import type { Figure } from '../report/figure.js';
import { median, percentile } from '../report/statistics.js';
import { Arrivals } from './arrivals.js';

const IDC = 'dc1';
const WARM_UP = 30;
const WATCHED = 300;
const POLLED = 100;
const TARGET_MS = 20;

/** How long after an approval is sent the machine's boot script is the install script. */
export const approval: Benchmark = {
  name: 'approval',
  summary: 'POST …/approve until the region has switched the boot script',
  async run(bench) {
    await using lab = await startLab({ hasDurableEtcd: true, idcs: [IDC], onProgress: bench.say });
    using api = new JsonClient(lab.controlPlane.url);
    using region = new JsonClient(lab.region(IDC).service.url);
    const watched = scaled(WATCHED, bench, 20);
    const polled = scaled(POLLED, bench, 10);
    bench.say(`creating ${String(WARM_UP + watched + polled)} tasks`);
    for (let number = 1; number <= WARM_UP + watched + polled; number += 1) {
      await api.must({ method: 'POST', path: '/api/v1/tasks', body: createTaskBody(IDC, number) });
    }
    const approve = async (number: number): Promise<void> => {
      await api.must({ method: 'POST', path: `/api/v1/tasks/${IDC}/${snOf(number)}/approve`, body: { notes: 'ok' } });
    };
    const noted = await notedBy({ endpoint: lab.etcd.endpoint, approve }, { warmUp: WARM_UP, count: watched }, bench);
    const first = WARM_UP + watched + 1;
    const switched = await switchedBy({ region, approve }, { first, count: polled }, bench);
    return figuresOf(noted, switched);
  },
};

type Approve = (number: number) => Promise<void>;

/** Until etcd tells that the region has configured the boot; the region acts on it before it writes that down. */
async function notedBy(
  { endpoint, approve }: { readonly endpoint: string; readonly approve: Approve },
  { warmUp, count }: { readonly warmUp: number; readonly count: number },
  bench: Bench,
): Promise<readonly number[]> {
  bench.say(`${String(count)} approvals, watched`);
  const arrivals = new Arrivals();
  await using store = new EtcdStore({
    endpoints: [endpoint],
    clock: new RealClock(),
    random: new SeededRandom(1),
    logger: silentLogger,
  });
  await using watch = store.watch(`/os/${IDC}/machines/`, {
    onChanges: (changes) => {
      for (const change of changes) if (change.kind === 'put') noteConfigured(change.entry.value, arrivals);
    },
  });
  await watch.synced;
  const samples: number[] = [];
  for (let number = 1; number <= warmUp + count; number += 1) {
    const arrival = arrivals.expect(snOf(number));
    const startedAt = performance.now();
    await approve(number);
    const tookMs = (await arrival) - startedAt;
    if (number > warmUp) samples.push(tookMs);
  }
  return samples;
}

function noteConfigured(value: string, arrivals: Arrivals): void {
  const task = JSON.parse(value) as TaskRecord;
  if (task.pxe_configured) arrivals.note(task.sn);
}

/** Until the answer to the machine's own question has changed, asked as often as one connection allows. */
async function switchedBy(
  { region, approve }: { readonly region: JsonClient; readonly approve: Approve },
  { first, count }: { readonly first: number; readonly count: number },
  bench: Bench,
): Promise<readonly number[]> {
  bench.say(`${String(count)} approvals, polled`);
  const samples: number[] = [];
  for (let number = first; number < first + count; number += 1) {
    const path = `/boot/${macOf(number)}/boot.ipxe`;
    // HEAD shows what GET would answer without counting as a boot.
    const look = async (): Promise<number> => (await region.call({ method: 'HEAD', path })).length;
    const before = await look();
    const startedAt = performance.now();
    const approved = approve(number);
    while ((await look()) === before);
    samples.push(performance.now() - startedAt);
    await approved;
    const script = await region.must({ method: 'GET', path });
    if (!script.includes('Rackwright: installing')) throw new Error(`not the install script:\n${script}`);
  }
  return samples;
}

function figuresOf(noted: readonly number[], switched: readonly number[]): readonly Figure[] {
  const figure = (name: string, value: number): Figure => ({ benchmark: approval.name, name, value, unit: 'ms' });
  const target = { bound: 'at-most', limit: TARGET_MS } as const;
  return [
    { ...figure('to boot script switched p50', median(switched)), target },
    figure('to boot script switched p99', percentile(switched, 0.99)),
    { ...figure('to switch noted in etcd p50', median(noted)), target },
    figure('to switch noted in etcd p99', percentile(noted, 0.99)),
  ];
}
