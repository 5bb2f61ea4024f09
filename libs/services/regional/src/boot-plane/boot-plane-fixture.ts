import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import {
  outboxWrites,
  type AddressProbe,
  type DatagramSockets,
  type DurableDocument,
  type DurableLog,
  type EventEnvelope,
  type LogEntry,
  type FileTransfers,
  type LinkSenders,
  type Store,
  type TemplateEngine,
} from '@rackwright/contracts';
import type { Node, Reservation, Subnet } from '@rackwright/domain-netboot';
import { applyReport, builtinProfiles, type MachineReport, type Task } from '@rackwright/domain-provisioning';
import {
  fail,
  ok,
  parseCidr,
  parseIdc,
  parseIpv4,
  silentLogger,
  type Cidr,
  type Clock,
  type Idc,
  type Ipv4,
  type Mac,
  type Sn,
} from '@rackwright/kernel';
import {
  createHttpService,
  loadConfig,
  Metrics,
  systemClock,
  systemRandom,
  type ConfigOf,
  type HttpService,
} from '@rackwright/platform';
import { Module } from '@nestjs/common';
import { BootTokens } from '../agent-api/boot-tokens.js';
import type { BootPlane } from '../boot-plane.port.js';
import { httpOptionsOf } from '../http-boot/http-options.js';
import type { BootSighting } from '../nodes/node-registry.port.js';
import { PublicAddress } from '../public-address.js';
import { RegionState } from '../region-view/region-state.js';
import type { RegionView, ViewChange } from '../region-view/region-view.port.js';
import { BootTraces } from '../tracing/boot-traces.js';
import { bootPlaneSettings } from './boot-plane-settings.js';
import { bootPlaneWith } from './create-boot-plane.js';

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('fixture value does not parse');
  return value;
}

export const address = (text: string): Ipv4 => must(parseIpv4(text));
const network = (text: string): Cidr => must(parseCidr(text));
export const dc1: Idc = must(parseIdc('dc1'));

const lan: Subnet = {
  name: 'lan',
  cidr: network('10.77.0.0/16'),
  pools: [{ start: address('10.77.1.0'), end: address('10.77.8.255') }],
  exclusions: [],
  gateway: address('10.77.0.1'),
  dns: [address('10.77.0.53')],
  ntp: [],
  search: ['example.org'],
  routes: [],
  lease_seconds: 3_600,
};

/** What the region knows, in the hands of the test; takes reports as the region does. */
export class TestRegion implements RegionView {
  readonly revision = 1n;
  isConfirmed = true;
  readonly tasks = new Map<Sn, Task>();
  readonly nodesByMac = new Map<Mac, Node>();
  readonly reserved = new Map<Mac, Reservation>();
  readonly reports: MachineReport[] = [];
  readonly events: EventEnvelope[] = [];
  readonly sightings: BootSighting[] = [];
  readonly usedOverrides: Mac[] = [];
  readonly logged: string[] = [];
  hasLogRoom = true;
  readonly #listeners = new Set<(changes: readonly ViewChange[]) => void>();
  #subnets: readonly Subnet[] = [lan];

  put(task: Task): void {
    this.tasks.set(task.sn, task);
    this.#tell({ kind: 'task', id: task.sn });
  }

  putSubnets(...subnets: readonly Subnet[]): void {
    this.#subnets = subnets;
    this.#tell({ kind: 'subnet', id: 'lan' });
  }

  reserve(reservation: Reservation): void {
    this.reserved.set(reservation.mac, reservation);
    this.#tell({ kind: 'reservation', id: reservation.mac });
  }

  taskBySn(sn: Sn): Task | undefined {
    return this.tasks.get(sn);
  }

  taskByMac(mac: Mac): Task | undefined {
    return [...this.tasks.values()].find((task) => task.mac === mac);
  }

  nodeByMac(mac: Mac): Node | undefined {
    return this.nodesByMac.get(mac);
  }

  nodes(): Iterable<Node> {
    return this.nodesByMac.values();
  }

  serverBySn(): undefined {
    return undefined;
  }

  reservationByMac(mac: Mac): Reservation | undefined {
    return this.reserved.get(mac);
  }

  reservations(): Iterable<Reservation> {
    return this.reserved.values();
  }

  subnets(): readonly Subnet[] {
    return this.#subnets;
  }

  leases(): [] {
    return [];
  }

  leaseByIp(): undefined {
    return undefined;
  }

  profiles(): typeof builtinProfiles {
    return builtinProfiles;
  }

  settings(): object {
    return {};
  }

  onChange(listener: (changes: readonly ViewChange[]) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  readonly sinks = {
    reports: {
      report: async (sn: Sn, report: MachineReport) => {
        const task = this.tasks.get(sn);
        if (task === undefined) return fail({ code: 'task-not-found', sn } as const);
        const step = applyReport(task, report, 'region/dc1');
        if (!step.ok) return step;
        this.reports.push(report);
        this.put(step.value.task);
        return ok(step.value.task);
      },
    },
    events: {
      record: async (event: EventEnvelope) => {
        this.events.push(event);
        await this.store?.transact([], outboxWrites([event]));
      },
    },
    installLog: {
      take: async (task: Task, entries: readonly LogEntry[]) => {
        this.logged.push(...entries.map(({ text }) => `${task.sn} ${text}`));
        return this.hasLogRoom;
      },
    },
    nodes: {
      noteBootClient: async (sighting: BootSighting) => {
        this.sightings.push(sighting);
      },
      consumeBootOverride: async (mac: Mac) => {
        this.usedOverrides.push(mac);
      },
    },
  };

  store: Store | undefined;

  #tell(change: ViewChange): void {
    for (const listener of this.#listeners) listener([change]);
  }
}

@Module({})
class Nothing {}

function portOf(endpoint: unknown): number {
  return Number(String(endpoint).split(':')[1] ?? 0);
}

function configOf(env: Readonly<Record<string, string>>): ConfigOf<typeof bootPlaneSettings> {
  const loopback = {
    RW_DHCP_MODE: 'server',
    RW_DHCP_PORT: '0',
    RW_DHCP_PXE_PORT: '0',
    RW_DHCP_RELAYS: '127.0.0.0/8',
    RW_TFTP_PORT: '0',
    RW_SYSLOG_PORT: '0',
  };
  const loaded = loadConfig(
    { name: 'regional', version: '0', settings: bootPlaneSettings },
    { argv: [], env: { ...loopback, ...env }, readTextFile: () => '' },
  );
  if (loaded.kind !== 'config') throw new Error(JSON.stringify(loaded));
  return loaded.config;
}

export interface RunningPlane extends AsyncDisposable {
  readonly region: TestRegion;
  readonly plane: BootPlane;
  readonly http: HttpService;
  readonly dhcpPort: number;
  readonly bootServerPort: number;
  readonly tftpPort: number;
  readonly assetDir: string;
  readonly stateDir: string;
  readonly metrics: Metrics;
  readonly store: Store;
}

/** The adapters, which only specs may import. */
export interface PlaneAdapters {
  readonly sockets: DatagramSockets;
  readonly transfers?: FileTransfers;
  readonly templates: TemplateEngine;
  readonly store: Store;
  readonly openLog: (directory: string) => Promise<DurableLog>;
  readonly document: (path: string) => DurableDocument;
  readonly links?: LinkSenders;
  readonly probe?: AddressProbe;
  readonly addressesOf?: (interfaceName: string) => readonly Ipv4[];
}

export interface PlaneOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly region?: TestRegion;
  readonly stateDir?: string;
  /** Names in the asset directory. */
  readonly bootFiles?: readonly string[];
  /** Default: that of the machine. */
  readonly clock?: Clock;
}

interface PlaneState {
  readonly config: ReturnType<typeof configOf>;
  readonly stateDir: string;
  readonly leaseLog: DurableLog;
}

function factoryOf(
  adapters: PlaneAdapters,
  { config, stateDir, leaseLog }: PlaneState,
): ReturnType<typeof bootPlaneWith> {
  const { sockets, templates, transfers, links, probe } = adapters;
  return bootPlaneWith({
    ...{ config, sockets, templates, leaseLog },
    ...(transfers === undefined ? {} : { transfers }),
    leaseSnapshot: adapters.document(join(stateDir, 'leases.json')),
    isoCacheDir: join(stateDir, 'iso'),
    addressesOf: adapters.addressesOf ?? (() => []),
    ...(links === undefined ? {} : { links }),
    ...(probe === undefined ? {} : { probe }),
  });
}

/** A boot plane with real sockets on loopback, real files, and the region in the hands of the test. */
export async function runBootPlane(adapters: PlaneAdapters, options: PlaneOptions = {}): Promise<RunningPlane> {
  const region = options.region ?? new TestRegion();
  const work = await mkdtemp(join(tmpdir(), 'rw-boot-'));
  const stateDir = options.stateDir ?? work;
  const assetDir = join(work, 'assets');
  await mkdir(assetDir);
  for (const name of options.bootFiles ?? []) await writeFile(join(assetDir, name), name);
  const config = configOf({ RW_ASSET_DIR: assetDir, ...options.env });
  const { store } = adapters;
  region.store = store;
  const metrics = new Metrics({ processMetrics: false });
  const leaseLog = await adapters.openLog(join(stateDir, 'leases'));
  const publicAddress = new PublicAddress();
  const platform = { clock: options.clock ?? systemClock, random: systemRandom, logger: silentLogger, metrics };
  const factory = factoryOf(adapters, { config, stateDir, leaseLog });
  const plane = await factory({
    ...platform,
    ...region.sinks,
    idc: dc1,
    view: region,
    traces: new BootTraces(),
    tokens: new BootTokens(new RegionState(dc1, silentLogger)),
    address: publicAddress,
    store,
  });
  const http = await createHttpService(Nothing, {
    ...platform,
    ...httpOptionsOf(config),
    host: '127.0.0.1',
    port: 0,
    title: 'Boot plane',
    version: '0',
    shortcut: plane.shortcut,
    configure: (fastify: FastifyInstance) => {
      plane.mount(fastify);
    },
  });
  publicAddress.listensOn(http.url);
  await plane.start();
  return {
    ...{ region, plane, http, assetDir, stateDir, metrics, store },
    dhcpPort: portOf(plane.dhcpStatus()['address']),
    bootServerPort: portOf(plane.dhcpStatus()['boot_server']),
    tftpPort: portOf(plane.tftpStatus()['address']),
    async [Symbol.asyncDispose]() {
      await http[Symbol.asyncDispose]();
      await plane[Symbol.asyncDispose]();
      await leaseLog[Symbol.asyncDispose]();
      await rm(work, { recursive: true, force: true });
    },
  };
}
