import type { FastifyInstance } from 'fastify';
import type { ListLeases, RenderedFile, Store } from '@rackwright/contracts';
import type { Lease } from '@rackwright/domain-netboot';
import type { Clock, Idc, Logger, Random, Sn } from '@rackwright/kernel';
import type { Metrics, Shortcut } from '@rackwright/platform';
import type { BootTokens } from './agent-api/boot-tokens.js';
import type { BootExplainer } from './boot-explain/boot-explainer.js';
import type { NodeSightings } from './nodes/node-registry.port.js';
import type { PublicAddress } from './public-address.js';
import type { RegionView } from './region-view/region-view.port.js';
import type { InstallLogSink } from './reports/install-log.js';
import type { EventSink, ReportSink } from './reports/report-sink.js';
import type { BootTraces } from './tracing/boot-traces.js';

/** A row of one of the `/api/v1/pxe/…` and `/api/v1/files/…` lists. */
export type StatusRow = Readonly<Record<string, unknown>>;

/** A lease as the API shows it, its MAC in colon spelling. */
export type LeaseRow = Omit<Lease, 'mac'> & { readonly mac?: string };

/** What DHCP, TFTP, HTTP boot and the answer files show to the rest of the region. */
export interface BootPlane extends AsyncDisposable {
  /** Opens the sockets; safe to repeat. Rejects with `OperationalError` when one cannot be opened. */
  start(): Promise<void>;
  /** Closes the sockets: another instance serves this IDC now. {@link start} opens them again. */
  stop(): Promise<void>;
  /** Adds the boot, file and answer-file routes of netboot.md. */
  mount(server: FastifyInstance): void;
  /** For the scripts that waiting machines ask for over and over. */
  readonly shortcut: Shortcut;
  /** Counters for the heartbeat: `dhcp_offers`, `tftp_transfers`, … */
  counters(): Readonly<Record<string, number>>;
  /** The files a machine's task would get now, secrets masked; `undefined` when there is no such task. */
  render(sn: Sn): Promise<readonly RenderedFile[] | undefined>;
  /** Says what DHCP would answer, and why. */
  readonly explainer: Pick<BootExplainer, 'explain' | 'replay'>;
  dhcpStatus(): StatusRow;
  /** The leases that a query asks for, by address. */
  dhcpLeases(query: ListLeases): readonly LeaseRow[];
  tftpStatus(): StatusRow;
  syslogStatus(): StatusRow;
  /** Files below the folder that `kind` names. Sorted by name. */
  files(kind: 'tftp' | 'static' | 'repos'): Promise<readonly StatusRow[]>;
  /** One row per machine with a boot script that is not the wait loop. */
  bootConfigs(): Iterable<StatusRow>;
}

/** Nest token of {@link BootPlane}. */
export const BOOT_PLANE = Symbol('BootPlane');

/** What the boot plane is built on. */
export interface BootPlaneContext {
  readonly idc: Idc;
  readonly view: RegionView;
  readonly reports: ReportSink;
  readonly installLog: InstallLogSink;
  readonly events: EventSink;
  readonly nodes: NodeSightings;
  readonly traces: BootTraces;
  /** Knows the machine behind an `Authorization` header. */
  readonly tokens: BootTokens;
  /** `http://host:port` as machines reach this region; its `url` may be read once the region listens. */
  readonly address: PublicAddress;
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Builds the boot plane; everything else it needs (sockets, templates, disk, settings) it brings along. */
export type BootPlaneFactory = (context: BootPlaneContext) => BootPlane | Promise<BootPlane>;
