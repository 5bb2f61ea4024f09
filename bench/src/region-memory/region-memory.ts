import { idcPrefix, type RegionHeartbeatRecord, keyspace } from '@rackwright/contracts';
import { parseIdc } from '@rackwright/kernel';
import { startLab, waitFor, type Lab } from '@rackwright/testing';
import { scaled, type Bench, type Benchmark } from '../benchmark.js';
import { RawEtcd } from '../lab/raw-etcd.js';
import type { Figure } from '../report/figure.js';
import { machineRecords } from './population.js';
import { steadyMemory, type ResidentMemory } from './resident-memory.js';

const IDC = 'dc1';
const MACHINES = 10_000;
/** Six keys each; a transaction may hold 128 writes. */
const MACHINES_PER_TRANSACTION = 20;
const TARGET_MB = 300;

/** The memory of a region that knows ten thousand machines. */
export const regionMemory: Benchmark = {
  name: 'region-memory',
  summary: 'resident memory of a region with 10,000 machines in its view',
  async run(bench) {
    await using lab = await startLab({ hasDurableEtcd: true, idcs: [IDC], onProgress: bench.say });
    // It would act on tasks that have been waiting since long ago.
    await lab.controlPlane.stop();
    const { service } = lab.region(IDC);
    const empty = await steadyMemory(service.pid);
    await service.stop();
    const machines = scaled(MACHINES, bench, 100);
    await populate(lab, machines, bench);
    bench.say('starting the region on an empty disk state');
    await service.restart();
    await hasCaughtUp(lab);
    const started = await steadyMemory(service.pid);
    bench.say('restarting it from its snapshot');
    await service.restart();
    await hasCaughtUp(lab);
    const restarted = await steadyMemory(service.pid);
    return figuresOf({ empty, started, restarted }, machines);
  },
};

async function populate(lab: Lab, machines: number, bench: Bench): Promise<void> {
  using etcd = new RawEtcd(lab.etcd.endpoint);
  let bytes = 0;
  for (let first = 0; first < machines; first += MACHINES_PER_TRANSACTION) {
    const count = Math.min(MACHINES_PER_TRANSACTION, machines - first);
    const records = Array.from({ length: count }, (_, index) => machineRecords(IDC, first + index)).flat();
    bytes += records.reduce((sum, { value }) => sum + value.length, 0);
    const success = records.map(({ key, value }) => ({
      request_put: { key: Buffer.from(key), value: Buffer.from(value) },
    }));
    await etcd.client.kv.txn({ success });
  }
  const keys = await etcd.count(prefixOfRegion());
  bench.say(`${String(machines)} machines: ${String(keys)} keys, ${(bytes / 1_000_000).toFixed(0)} MB in etcd`);
}

function prefixOfRegion(): string {
  const idc = parseIdc(IDC);
  if (idc === undefined) throw new RangeError(`${IDC} is not the name of a data centre`);
  return idcPrefix(idc);
}

/** The region tells in its heartbeat how far its view is; everything was written before it started. */
async function hasCaughtUp(lab: Lab): Promise<void> {
  using etcd = new RawEtcd(lab.etcd.endpoint);
  const { service } = lab.region(IDC);
  const heartbeat = keyspace.regionHeartbeat.key({ idc: IDC });
  const since = Date.now();
  await waitFor(
    async () => {
      if (service.hasExited()) throw new Error(service.output());
      const { at, view_revision: revision } = await etcd.json<RegionHeartbeatRecord>(heartbeat);
      return Date.parse(at) >= since && revision !== '0';
    },
    { what: 'the region has read everything', deadlineMs: 120_000, pollMs: 100 },
  );
}

function figuresOf(
  seen: Readonly<Record<'empty' | 'started' | 'restarted', ResidentMemory>>,
  machines: number,
): readonly Figure[] {
  const figure = (name: string, value: number): Figure => ({ benchmark: regionMemory.name, name, value, unit: 'MB' });
  const target = { bound: 'at-most', limit: TARGET_MB } as const;
  return [
    { ...figure('machines in the view', machines), unit: 'count' },
    figure('RSS without machines', seen.empty.nowMb),
    { ...figure('RSS after a start', seen.started.nowMb), target },
    figure('peak during the start', seen.started.peakMb),
    { ...figure('RSS after a restart from the snapshot', seen.restarted.nowMb), target },
    figure('peak during the restart', seen.restarted.peakMb),
  ];
}
