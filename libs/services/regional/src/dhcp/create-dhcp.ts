import type { AddressProbe, DatagramSockets, LinkSenders } from '@rackwright/contracts';
import type { Clock, Idc, Ipv4, Logger, Random } from '@rackwright/kernel';
import { isLoopback } from '@rackwright/platform';
import type { AssetDirectory } from '../http-boot/asset-directory.js';
import type { LeaseKeeper } from '../leases/lease-keeper.js';
import type { NodeSightings } from '../nodes/node-registry.port.js';
import type { RegionView } from '../region-view/region-view.port.js';
import type { EventSink } from '../reports/report-sink.js';
import { loaderRequestOf } from '../tftp/boot-loader-config.js';
import type { BootTraces } from '../tracing/boot-traces.js';
import { BootFileIndex } from './boot-file-index.js';
import { BootNotes } from './boot-notes.js';
import { BootStarts } from './boot-starts.js';
import { DecisionLog } from './decision-log.js';
import type { DhcpMetrics } from './dhcp-metrics.js';
import { DhcpServer } from './dhcp-server.js';
import type { DhcpConfig } from './dhcp-settings.js';
import { SiteView } from './site-view.js';

/** What DHCP is built on. */
export interface DhcpParts {
  readonly idc: Idc;
  readonly config: DhcpConfig;
  readonly sockets: DatagramSockets;
  readonly links?: LinkSenders;
  readonly probe?: AddressProbe;
  readonly addressesOf: (interfaceName: string) => readonly Ipv4[];
  readonly view: RegionView;
  readonly keeper: LeaseKeeper;
  readonly assets: AssetDirectory;
  readonly nodes: NodeSightings;
  readonly events: EventSink;
  readonly traces: BootTraces;
  /** `http://host:port` as machines reach us. */
  readonly publicUrl: string;
  /** Where syslog is taken, while it is. */
  readonly logServer: () => Ipv4 | undefined;
  readonly metrics: DhcpMetrics;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** DHCP and what it decides from. */
export interface Dhcp extends AsyncDisposable {
  readonly server: DhcpServer;
  readonly site: SiteView;
  /** Looks for boot files, then opens the sockets. */
  start(): Promise<void>;
}

/** Builds DHCP over the region's view; nothing is opened before `start`. */
export function createDhcp(parts: DhcpParts): Dhcp {
  const { view, keeper, config, traces, clock, metrics, logger } = parts;
  const files = new BootFileIndex({ ...parts, isRendered: (name) => loaderRequestOf(name) !== undefined });
  const site = new SiteView({ ...parts, region: view, table: keeper.table, files });
  const server = new DhcpServer({
    ...parts,
    site,
    notes: new BootNotes({ ...parts, boots: new BootStarts(parts) }),
    log: new DecisionLog({ isDryRun: config.dhcpDryRun, traces, metrics, clock, logger }),
  });
  return {
    server,
    site,
    start: async () => {
      if (config.dhcpMode === 'off') return;
      await files.start();
      await server.start();
      warnOfLoopback(parts);
    },
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      files[Symbol.dispose]();
      site[Symbol.dispose]();
    },
  };
}

/** Machines behind an interface are another host's: they would look for their scripts on themselves. */
function warnOfLoopback({ config, publicUrl, logger }: DhcpParts): void {
  if (config.dhcpInterface === undefined || !isLoopback(new URL(publicUrl).hostname)) return;
  logger.warn(
    { url: publicUrl },
    'machines are told a URL on loopback, which they cannot reach: set RW_HTTP_HOST or RW_HTTP_PUBLIC_URL',
  );
}
