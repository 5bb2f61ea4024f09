import 'reflect-metadata';
import { join } from 'node:path';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { FileDocument, FileJournal } from '@rackwright/adapter-file-journal';
import { LiquidTemplates } from '@rackwright/adapter-liquid-templates';
import { MemoryBus } from '@rackwright/adapter-memory-bus';
import { MemoryStore } from '@rackwright/adapter-memory-store';
import { NodeStreamListeners } from '@rackwright/adapter-tcp-listener';
import { NodeDatagramSockets } from '@rackwright/adapter-udp-socket';
import { PolledFiles } from '@rackwright/adapter-watched-file';
import { silentLogger } from '@rackwright/kernel';
import { loadConfig, Metrics, systemClock, systemRandom } from '@rackwright/platform';
import { SeededRandom, waitFor } from '@rackwright/testing';
import { bootPlaneWith } from './boot-plane/create-boot-plane.js';
import { checkRegionalConfig, regionalSettings, type RegionalConfig } from './config.js';
import { createRegional, type RegionalService } from './create-regional.js';

/** A region with its boot plane: real sockets, real files, etcd and NATS in memory. */
export interface WholeRegion extends AsyncDisposable {
  readonly service: RegionalService;
  readonly store: MemoryStore;
  readonly bus: MemoryBus;
  readonly url: string;
  /** The value of a series; `undefined` when there is none. */
  metric(series: string): Promise<number | undefined>;
}

function configOf(env: Readonly<Record<string, string>>): RegionalConfig {
  const request = { name: 'regional', version: '0', settings: regionalSettings, check: checkRegionalConfig };
  const loaded = loadConfig(request, { argv: [], env, readTextFile: () => '' });
  if (loaded.kind !== 'config') throw new Error(JSON.stringify(loaded));
  return loaded.config;
}

const freePorts = { RW_HTTP_PORT: '0', RW_DHCP_PORT: '0', RW_TFTP_PORT: '0', RW_SYSLOG_PORT: '0' };

/** Starts a region of `dc1` that keeps everything in `directory`. `cut`: it can reach neither etcd nor NATS. */
export async function startWholeRegion(
  directory: string,
  { cut = false, env = {} }: { readonly cut?: boolean; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<WholeRegion> {
  const ports = { clock: systemClock, random: systemRandom, logger: silentLogger };
  const config = configOf({ RW_IDC: 'dc1', ...freePorts, RW_ASSET_DIR: directory, ...env });
  const store = new MemoryStore({ clock: systemClock }).connect();
  if (cut) store.cut();
  const bus = new MemoryBus({ ...ports, random: new SeededRandom(1) });
  const journal = (name: string): Promise<FileJournal> =>
    FileJournal.open({ directory: join(directory, name), logger: silentLogger });
  const [leaseLog, factLog, logLog] = [await journal('leases'), await journal('facts'), await journal('logs')];
  const metrics = new Metrics({ processMetrics: false });
  const service = await createRegional({
    ...ports,
    ...{ config, version: '0', store, bus, metrics, factLog, logLog },
    snapshots: [new FileDocument(join(directory, '0.snapshot'))],
    identity: new FileDocument(join(directory, 'identity.json')),
    files: new PolledFiles({ clock: systemClock, pollMs: 20, settleMs: 20 }),
    siteCopy: new FileDocument(join(directory, 'site-file.copy')),
    bootPlane: bootPlaneWith({
      ...{ config, sockets: new NodeDatagramSockets(), templates: new LiquidTemplates(), leaseLog },
      streams: new NodeStreamListeners(),
      leaseSnapshot: new FileDocument(join(directory, 'leases.json')),
      isoCacheDir: join(directory, 'iso'),
      addressesOf: () => [],
    }),
  });
  return {
    ...{ service, store, bus, url: service.http.url },
    async metric(series) {
      const line = (await metrics.render()).split('\n').find((text) => text.startsWith(`${series} `));
      return line === undefined ? undefined : Number(line.slice(series.length));
    },
    async [Symbol.asyncDispose]() {
      await service[Symbol.asyncDispose]();
      for (const part of [bus, store, leaseLog, factLog, logLog]) await part[Symbol.asyncDispose]();
    },
  };
}

/** Waits until the region serves. */
export async function whenReady({ url }: Pick<WholeRegion, 'url'>): Promise<void> {
  await waitFor(async () => (await fetch(`${url}/ready`)).status === 200, { what: 'the region is ready' });
}

it('starts as a whole and tells where it listens', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'rw-region-'));
  const region = await startWholeRegion(directory, { env: { RW_SYSLOG_ENABLED: 'true' } });
  await whenReady(region);
  const status = (await (await fetch(`${region.url}/api/v1/pxe/syslog/status`)).json()) as Record<string, unknown>;
  expect(status).toMatchObject({
    status: 'running',
    tcp_address: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as unknown,
  });
  await region[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});
