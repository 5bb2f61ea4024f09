import 'reflect-metadata';
import { expect, it } from 'vitest';
import { MemoryBus } from '@rackwright/adapter-memory-bus';
import { MemoryStore } from '@rackwright/adapter-memory-store';
import { keyspace, OUTBOX_PREFIX, type EventEnvelope } from '@rackwright/contracts';
import { approveTask, createTask, type Task } from '@rackwright/domain-provisioning';
import { formatInstant, silentLogger, type EpochMs, type Idc, type Mac, type Sn } from '@rackwright/kernel';
import { loadConfig, Metrics, ProblemError, systemRandom } from '@rackwright/platform';
import {
  MemoryDisk,
  MemoryDocument,
  MemoryFiles,
  MemoryJournal,
  RealClock,
  SeededRandom,
  waitFor,
} from '@rackwright/testing';
import type { BootPlane, LeaseRow } from './boot-plane.port.js';
import { checkRegionalConfig, regionalSettings, type RegionalConfig } from './config.js';
import { createRegional, type RegionalService } from './create-regional.js';

export const idc = 'dc1' as Idc;
export const sn = 'sn-001' as Sn;
export const mac = '001a2b3c4d5e' as Mac;
export const token = 'f00dfeedf00dfeedf00dfeedf00dfeed';
export const taskKey = keyspace.task.key({ idc, sn });

/** What a region leaves on its disk. */
export interface RegionDisk {
  readonly snapshot: readonly MemoryDisk[];
  readonly identity: MemoryDisk;
  readonly facts: MemoryDisk;
  readonly logs: MemoryDisk;
  readonly site: MemoryDisk;
}

export function newDisk(): RegionDisk {
  return {
    snapshot: [new MemoryDisk(), new MemoryDisk(), new MemoryDisk()],
    identity: new MemoryDisk(),
    facts: new MemoryDisk(),
    logs: new MemoryDisk(),
    site: new MemoryDisk(),
  };
}

const notReady = (): never => {
  throw new ProblemError('not-ready', 'nothing is served here');
};

/** A boot plane that opens nothing: these tests are about the rest of the region. */
function leaseOf(host: number): LeaseRow {
  const at = formatInstant(0 as EpochMs);
  const ip = `10.0.0.${host}` as LeaseRow['ip'];
  return { ip, subnet: 'lan', state: 'active', granted_at: at, expires_at: at, version: 1 };
}

class QuietBootPlane implements BootPlane {
  readonly explainer = { explain: notReady, replay: notReady };
  starts = 0;
  stops = 0;
  readonly mount = (): void => undefined;
  readonly shortcut = { route: '/boot', answer: () => false };
  readonly counters = (): Record<string, number> => ({});
  readonly dhcpStatus = (): Record<string, unknown> => ({ status: 'stopped' });
  readonly syslogStatus = (): Record<string, unknown> => ({ status: 'stopped' });
  readonly tftpStatus = (): Record<string, unknown> => ({ status: 'stopped' });
  readonly bootConfigs = (): [] => [];

  dhcpLeases(): readonly LeaseRow[] {
    return [10, 11, 12].map(leaseOf);
  }

  async start(): Promise<void> {
    this.starts += 1;
  }

  async stop(): Promise<void> {
    this.stops += 1;
  }

  async render(asked: string): Promise<{ path: string; content_type: string; content: string }[] | undefined> {
    return asked === sn ? [{ path: '/boot', content_type: 'text/plain', content: '#!ipxe' }] : undefined;
  }

  async files(): Promise<[]> {
    return [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

export interface Region extends AsyncDisposable {
  readonly service: RegionalService;
  readonly store: MemoryStore;
  readonly bus: MemoryBus;
  readonly plane: QuietBootPlane;
  readonly url: string;
}

function configOf(env: Record<string, string>): RegionalConfig {
  const request = { name: 'regional', version: '0', settings: regionalSettings, check: checkRegionalConfig };
  const loaded = loadConfig(request, { argv: [], env, readTextFile: () => '' });
  if (loaded.kind !== 'config') throw new Error(JSON.stringify(loaded));
  return loaded.config;
}

/** One IDC with its etcd and NATS in memory, on which regions can be started. */
export class Site {
  readonly clock = new RealClock();
  readonly store = new MemoryStore({ clock: this.clock });
  readonly files = new MemoryFiles();
  readonly bus = new MemoryBus({ clock: this.clock, random: new SeededRandom(7), logger: silentLogger });

  async start(disk = newDisk(), options: { readonly cut?: boolean; readonly env?: Record<string, string> } = {}) {
    const store = this.store.connect();
    if (options.cut === true) store.cut();
    const bus = this.bus.peer();
    const plane = new QuietBootPlane();
    const service = await createRegional({
      config: configOf({ RW_IDC: idc, RW_HTTP_PORT: '0', ...options.env }),
      version: '0.0.0',
      store,
      bus,
      snapshots: disk.snapshot.map((part) => new MemoryDocument(part)),
      identity: new MemoryDocument(disk.identity),
      factLog: new MemoryJournal(disk.facts),
      logLog: new MemoryJournal(disk.logs),
      files: this.files,
      siteCopy: new MemoryDocument(disk.site),
      bootPlane: () => plane,
      clock: this.clock,
      random: systemRandom,
      logger: silentLogger,
      metrics: new Metrics({ processMetrics: false }),
    });
    const dispose = async (): Promise<void> => {
      await service[Symbol.asyncDispose]();
      await bus[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    };
    return { service, store, bus, plane, url: service.http.url, [Symbol.asyncDispose]: dispose } satisfies Region;
  }

  /** Stores an approved task and waits until the region knows it. */
  async approve(region: Region, change: Partial<Task> = {}): Promise<Task> {
    const task = { ...approvedTask(), ...change };
    await this.store.transact([], [{ kind: 'put', key: taskKey, value: JSON.stringify(task) }]);
    await waitFor(async () => (await call(region, 'GET', `/api/v1/task/${sn}`)).status === 200, {
      what: 'the region knows the task',
    });
    return task;
  }

  async task(): Promise<Task> {
    const entry = await this.store.get(taskKey);
    if (entry === undefined) throw new Error('no task');
    return JSON.parse(entry.value) as Task;
  }

  async json(key: string): Promise<Record<string, unknown> | undefined> {
    const entry = await this.store.get(key);
    return entry === undefined ? undefined : (JSON.parse(entry.value) as Record<string, unknown>);
  }

  async events(): Promise<readonly EventEnvelope[]> {
    const { entries } = await this.store.list(OUTBOX_PREFIX);
    return entries.map(({ value }) => JSON.parse(value) as EventEnvelope);
  }
}

export function approvedTask(): Task {
  const at = formatInstant(Date.UTC(2026, 0, 1) as EpochMs);
  const identity = { idc, sn, mac, os_type: 'ubuntu', os_version: '22.04', profile: 'ubuntu-22.04' };
  const request = { ...identity, ssh_keys: [], packages: [], kernel_args: '', tags: {}, priority: 5 };
  const created = createTask(request, { taskId: 'task-0a1b2c3d', bootToken: token, at, by: 'test' }, undefined);
  if (!created.ok) throw new Error('a first task is always created');
  const approved = approveTask(created.value.task, { by: 'test', at });
  if (!approved.ok) throw new Error('a pending task is always approved');
  return approved.value.task;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

export interface CallOptions {
  readonly json?: unknown;
  readonly text?: string;
  readonly type?: string;
  /** Default: the boot token of {@link approvedTask}; `null` sends none. */
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

function headersOf({
  json,
  text,
  type = 'application/json',
  headers,
  ...options
}: CallOptions): Record<string, string> {
  const bearer = options.token === undefined ? token : options.token;
  const hasBody = json !== undefined || text !== undefined;
  return {
    ...(hasBody ? { 'content-type': type } : {}),
    ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
    ...headers,
  };
}

export async function call(
  region: { readonly url: string },
  ...[method, path, options = {}]: [method: string, path: string, options?: CallOptions]
): Promise<Answer> {
  const sent = options.text ?? (options.json === undefined ? undefined : JSON.stringify(options.json));
  const init = { method, headers: headersOf(options), ...(sent === undefined ? {} : { body: sent }) };
  const response = await fetch(`${region.url}${path}`, init);
  const text = await response.text();
  const body = /^[{[]/.test(text) ? (JSON.parse(text) as Record<string, unknown>) : {};
  return { status: response.status, headers: response.headers, body };
}

it('starts, becomes ready and stops', async () => {
  const site = new Site();
  const region = await site.start();
  await waitFor(async () => (await call(region, 'GET', '/ready')).status === 200, { what: 'the region is ready' });
  expect(region.plane.starts).toBe(1);
  await region[Symbol.asyncDispose]();
  expect(region.plane.stops).toBeGreaterThan(0);
  expect(await site.store.get(keyspace.regionHeartbeat.key({ idc }))).toBeUndefined();
});
