import { SubnetIndex, type LeaseTable, type NetbootView } from '@rackwright/domain-netboot';
import type { Ipv4, Mac } from '@rackwright/kernel';
import type { RegionView, ViewChange } from '../region-view/region-view.port.js';
import type { BootTraces } from '../tracing/boot-traces.js';
import type { BootFileIndex } from './boot-file-index.js';
import { bootFilesOf, type DhcpConfig } from './dhcp-settings.js';

export interface SiteViewParts {
  readonly region: RegionView;
  readonly table: LeaseTable;
  readonly config: DhcpConfig;
  readonly traces: BootTraces;
  readonly files: Pick<BootFileIndex, 'has'>;
  /** `http://host:port` as machines reach us. */
  readonly publicUrl: string;
  /** Where syslog is taken, while it is. */
  readonly logServer: () => Ipv4 | undefined;
}

/** What decisions are made from: the region's view with indexes, kept up as subnets and reservations change. */
export class SiteView implements Disposable {
  readonly #parts: SiteViewParts;
  readonly #unsubscribe: () => void;
  readonly #reservedFor = new Map<Ipv4, Mac>();
  #view: NetbootView;

  constructor(parts: SiteViewParts) {
    this.#parts = parts;
    this.#view = this.#build();
    this.#takeSubnets();
    this.#takeReservations();
    this.#unsubscribe = parts.region.onChange((changes) => {
      this.#take(changes);
    });
  }

  get current(): NetbootView {
    return this.#view;
  }

  [Symbol.dispose](): void {
    this.#unsubscribe();
  }

  #take(changes: readonly ViewChange[]): void {
    if (changes.some(({ kind }) => kind === 'subnet')) this.#takeSubnets();
    if (changes.some(({ kind }) => kind === 'reservation')) this.#takeReservations();
  }

  #takeSubnets(): void {
    this.#parts.table.configure(this.#parts.region.subnets());
    this.#view = this.#build();
  }

  #takeReservations(): void {
    this.#reservedFor.clear();
    for (const { ip, mac } of this.#parts.region.reservations()) if (ip !== undefined) this.#reservedFor.set(ip, mac);
    this.#parts.table.reserve(this.#reservedFor.keys());
  }

  #build(): NetbootView {
    const { region, table, config, publicUrl, traces, files, logServer } = this.#parts;
    return {
      mode: config.dhcpMode,
      subnets: new SubnetIndex(region.subnets()),
      leases: table,
      boot: {
        nextServer: config.nextServer,
        publicUrl,
        bootFiles: bootFilesOf(config),
        get logServer() {
          return logServer();
        },
      },
      isDirectAllowed: config.dhcpInterface !== undefined,
      relays: config.dhcpRelays,
      bootp: config.dhcpBootp,
      directOption82: config.dhcpDirectOption82,
      offerMs: config.offerMs,
      declineMs: config.declineMs,
      reservationOf: (mac) => region.reservationByMac(mac),
      reservedFor: (ip) => this.#reservedFor.get(ip),
      hostnameOf: (mac) => region.taskByMac(mac)?.hostname ?? region.nodeByMac(mac)?.hostname,
      isKnown: (mac) => (region.reservationByMac(mac) ?? region.taskByMac(mac) ?? region.nodeByMac(mac)) !== undefined,
      hasBootFile: (name) => files.has(name),
      traceOf: (mac) => traces.of(mac),
    };
  }
}
