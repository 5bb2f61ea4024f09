import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launchProcess } from '@rackwright/testing';
import { scaled, type Bench, type Benchmark } from '../../benchmark.js';
import type { Figure } from '../../report/figure.js';
import { percentile } from '../../report/statistics.js';
import { dnsmasq } from '../dnsmasq.js';
import { kea } from '../kea.js';
import { LoadSegment, RELAY, SUBNET } from '../load-segment.js';
import type { Peer } from '../peer.js';
import { perfdhcp } from '../perfdhcp.js';
import { rackwright } from '../rackwright.js';
import type { StormPlan, StormReport } from './run-storm.js';

const MACHINES = 10_000;
const WITHIN_MS = 60_000;
/** A storm meets a server that has been running for some time. */
const WARM_UP = { perSecond: 200, seconds: 5 } as const;
const MAIN = fileURLToPath(new URL('./main.js', import.meta.url));
const SHARES = { p50: 0.5, p99: 0.99, p999: 0.999 } as const;

/** Ten thousand machines switched on within a minute: firmware, then iPXE, with the waits they really have. */
export const dhcpStorm: Benchmark = {
  name: 'dhcp-storm',
  summary: '10,000 machines within 60 s, each with two exchanges and 4/8/16/32 s between its attempts',
  async run(bench) {
    await using segment = await LoadSegment.create();
    const figures: Figure[] = [];
    for (const peer of [rackwright, kea, dnsmasq]) figures.push(...(await measure(segment, peer, bench)));
    return figures;
  },
};

async function measure(segment: LoadSegment, peer: Peer, bench: Bench): Promise<readonly Figure[]> {
  await using server = await peer.start(segment);
  await perfdhcp(segment, WARM_UP.perSecond, WARM_UP.seconds);
  const machines = scaled(MACHINES, bench, 100);
  bench.say(`${peer.name}: ${String(machines)} machines`);
  const report = await storm(segment, { machines, withinMs: WITHIN_MS * (machines / MACHINES), relay: RELAY });
  server.assertAlive();
  const figure = (name: string, value: number, unit: Figure['unit']): Figure => ({
    benchmark: dhcpStorm.name,
    name: `${peer.name} ${name}`,
    value,
    unit,
  });
  const lost = figure('boots lost', report.lost, 'count');
  return [
    peer === rackwright ? { ...lost, target: { bound: 'at-most', limit: 0 } } : lost,
    figure('attempts repeated', report.retransmissions, 'count'),
    ...Object.entries(SHARES).map(([name, share]) =>
      figure(`reply ${name}`, percentile(report.latenciesMs, share), 'ms'),
    ),
  ];
}

async function storm(segment: LoadSegment, plan: Omit<StormPlan, 'server'>): Promise<StormReport> {
  const path = join(segment.servers.dir, 'storm.json');
  await using child = await launchProcess({
    command: process.execPath,
    args: [MAIN, JSON.stringify({ ...plan, server: SUBNET.gateway }), path],
    networkNamespace: segment.loadNamespace,
    installHint: 'make deps',
  });
  const { exitCode } = await child.exited;
  if (exitCode !== 0) throw new Error(`the machines could not be simulated:\n${child.output()}`);
  return JSON.parse(await readFile(path, 'utf8')) as StormReport;
}
