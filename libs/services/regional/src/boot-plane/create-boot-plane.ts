import type { FastifyInstance } from 'fastify';
import type {
  AddressProbe,
  DatagramSockets,
  DurableDocument,
  DurableLog,
  FileTransfers,
  LinkSenders,
  StreamListeners,
  RenderedFile,
  TemplateEngine,
  ListLeases,
} from '@rackwright/contracts';
import { findProfile, type Task } from '@rackwright/domain-provisioning';
import { formatMac, type Ipv4, type Sn } from '@rackwright/kernel';
import type { ConfigOf, Shortcut } from '@rackwright/platform';
import { AnswerFileRoutes, contentTypeOf } from '../answer-files/answer-file-routes.js';
import { networkChoiceOf } from '../answer-files/network-choice.js';
import { answerFilesOf, renderAnswerFile, type AnswerFileKind } from '../answer-files/render-answer-file.js';
import type { BootPlane, BootPlaneContext, BootPlaneFactory, LeaseRow, StatusRow } from '../boot-plane.port.js';
import { BootExplainer, type ExplainerSite } from '../boot-explain/boot-explainer.js';
import { createDhcp, type Dhcp } from '../dhcp/create-dhcp.js';
import { DhcpMetrics } from '../dhcp/dhcp-metrics.js';
import { BootScriptService } from '../http-boot/boot-script-service.js';
import { createHttpBoot, type HttpBoot } from '../http-boot/create-http-boot.js';
import { FileRoutes } from '../http-boot/file-routes.js';
import { listAssets } from '../http-boot/list-assets.js';
import { ScriptRoutes } from '../http-boot/script-routes.js';
import { createIsoService, type IsoService } from '../iso/create-iso.js';
import { LeaseCopier } from '../leases/lease-copier.js';
import { LeaseKeeper } from '../leases/lease-keeper.js';
import { leaseRowsOf } from '../leases/lease-rows.js';
import { createSyslog } from '../syslog/create-syslog.js';
import type { SyslogReceiver } from '../syslog/syslog-receiver.js';
import { logTargetFor } from '../syslog/log-target.js';
import { createTftp } from '../tftp/create-tftp.js';
import type { TftpServer } from '../tftp/tftp-server.js';
import type { ViewChange } from '../region-view/region-view.port.js';
import type { bootPlaneSettings } from './boot-plane-settings.js';

/** What the boot plane brings along. */
export interface BootPlaneEquipment {
  readonly config: ConfigOf<typeof bootPlaneSettings>;
  readonly sockets: DatagramSockets;
  /** For syslog by TCP; without it there is only UDP. */
  readonly streams?: StreamListeners;
  /** For sending files by TFTP in threads of their own; without it they are sent from this one. */
  readonly transfers?: FileTransfers;
  /** For replies to machines without an address; without it those are broadcast. */
  readonly links?: LinkSenders;
  /** For addresses about to be offered; without it none is asked. */
  readonly probe?: AddressProbe;
  readonly templates: TemplateEngine;
  readonly leaseLog: DurableLog;
  readonly leaseSnapshot: DurableDocument;
  /** Folder for ISO images fetched from upstreams. */
  readonly isoCacheDir: string;
  /** IPv4 addresses of an interface of this machine. */
  readonly addressesOf: (interfaceName: string) => readonly Ipv4[];
}

/** Stands for the boot token where people look. */
const MASK = '********';

/** Builds DHCP, TFTP, HTTP boot and the answer files over one view; nothing is opened before `start`. */
export function bootPlaneWith(equipment: BootPlaneEquipment): BootPlaneFactory {
  return (context) => new RegionalBootPlane({ ...context, ...equipment });
}

type BootPlaneParts = BootPlaneContext & BootPlaneEquipment;

class RegionalBootPlane implements BootPlane {
  readonly #parts: BootPlaneParts;
  readonly #http: HttpBoot;
  readonly #iso: IsoService;
  readonly #keeper: LeaseKeeper;
  readonly #dhcpMetrics: DhcpMetrics;
  readonly #tftp: TftpServer;
  readonly #syslog: SyslogReceiver;
  readonly #scripts: BootScriptService;
  readonly #files: FileRoutes;
  readonly #scriptRoutes: ScriptRoutes;
  readonly explainer: BootExplainer;
  readonly #unsubscribe: () => void;
  #dhcp: Dhcp | undefined;
  readonly #publicUrl = (): string => this.#parts.address.url;

  constructor(parts: BootPlaneParts) {
    this.#parts = parts;
    const { metrics, logger } = parts;
    this.#http = createHttpBoot({ ...parts, logger: logger.child({ part: 'http-boot' }) });
    this.#iso = createIsoService({
      ...parts,
      http: this.#http,
      cacheDir: parts.isoCacheDir,
      publicUrl: this.#publicUrl,
      logger: logger.child({ part: 'iso' }),
    });
    this.#keeper = new LeaseKeeper({
      ...parts,
      log: parts.leaseLog,
      snapshot: parts.leaseSnapshot,
      copier: new LeaseCopier({ ...parts, logger: logger.child({ part: 'leases' }) }),
      logger: logger.child({ part: 'leases' }),
    });
    this.#syslog = createSyslog({ ...parts, leases: this.#keeper.table, logger: logger.child({ part: 'syslog' }) });
    this.#dhcpMetrics = new DhcpMetrics(metrics, this.#keeper.table);
    this.#scripts = new BootScriptService({
      ...parts,
      sightings: parts.nodes,
      logTarget: (baseUrl) => logTargetFor(this.#syslog.target, { publicUrl: this.#publicUrl(), baseUrl }),
      logger: logger.child({ part: 'http-boot' }),
    });
    this.#scriptRoutes = new ScriptRoutes({
      ...parts,
      scripts: this.#scripts,
      leases: this.#keeper.table,
      sightings: parts.nodes,
      publicUrl: this.#publicUrl,
    });
    this.#tftp = createTftp({
      ...parts,
      assets: this.#http.assets,
      scripts: this.#scripts,
      leases: this.#keeper.table,
      sightings: parts.nodes,
      publicUrl: this.#publicUrl,
      logger: logger.child({ part: 'tftp' }),
    });
    const { assets: root, sender, transfers } = this.#http;
    this.#files = new FileRoutes({ root, sender, metrics: transfers, view: parts.view, publicUrl: this.#publicUrl });
    this.explainer = new BootExplainer({
      ...parts,
      site: () => this.#explainedSite(),
      chooseScript: (mac) => this.#scripts.choose(mac),
    });
    this.#unsubscribe = parts.view.onChange((changes) => {
      this.#mergeLeases(changes);
    });
  }

  async start(): Promise<void> {
    const { view, address, logger } = this.#parts;
    if (this.#dhcp !== undefined) return;
    await this.#keeper.start([...view.leases()]);
    await this.#syslog.start();
    this.#dhcp = createDhcp({
      ...this.#parts,
      keeper: this.#keeper,
      assets: this.#http.assets,
      publicUrl: address.url,
      logServer: () => this.#syslog.logServer,
      metrics: this.#dhcpMetrics,
      logger: logger.child({ part: 'dhcp' }),
    });
    void this.#http.manifest.start();
    try {
      await this.#dhcp.start();
      await this.#tftp.start();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    const dhcp = this.#dhcp;
    this.#dhcp = undefined;
    await dhcp?.[Symbol.asyncDispose]();
    await this.#tftp[Symbol.asyncDispose]();
    await this.#syslog.stop();
    await this.#keeper.stop();
    this.#http.manifest[Symbol.dispose]();
  }

  mount(server: FastifyInstance): void {
    const { logger } = this.#parts;
    const publicUrl = this.#publicUrl;
    this.#files.mount(server);
    this.#iso.mount(server);
    this.#scriptRoutes.mount(server);
    new AnswerFileRoutes({ ...this.#parts, publicUrl, logger: logger.child({ part: 'answer-files' }) }).mount(server);
  }

  get shortcut(): Shortcut {
    return this.#scriptRoutes.shortcut;
  }

  counters(): Readonly<Record<string, number>> {
    const { received, offers, acks, naks, silent, dropped } = this.#dhcpMetrics.tallies;
    return {
      dhcp_received: received,
      dhcp_offers: offers,
      dhcp_acks: acks,
      dhcp_naks: naks,
      dhcp_silent: silent,
      dhcp_dropped: dropped,
      dhcp_leases: this.#keeper.table.size,
      leases_to_copy: this.#keeper.backlog,
      tftp_transfers: this.#tftp.metrics.count('completed'),
      tftp_failed:
        this.#tftp.metrics.total - this.#tftp.metrics.count('completed') - this.#tftp.metrics.count('probed'),
      tftp_bytes: this.#tftp.metrics.bytesServed,
      http_files: this.#http.transfers.served,
      http_bytes: this.#http.transfers.bytesServed,
      scripts_wait: this.#scripts.count('wait'),
      scripts_install: this.#scripts.count('install'),
      scripts_local_boot: this.#scripts.count('local-boot'),
    };
  }

  async render(sn: Sn): Promise<readonly RenderedFile[] | undefined> {
    const { view } = this.#parts;
    const task = view.taskBySn(sn);
    if (task === undefined) return undefined;
    const script = {
      path: `/boot/${task.mac}/boot.ipxe`,
      content_type: 'text/plain; charset=utf-8',
      content: this.#scripts.preview(task.mac, this.#publicUrl(), MASK),
    };
    const profile = findProfile(view.profiles(), { ...task, profile: task.profile });
    const kinds = profile === undefined ? [] : answerFilesOf(profile.format);
    return [script, ...kinds.map((kind) => this.#renderFile(task, kind))];
  }

  dhcpStatus(): StatusRow {
    const { config } = this.#parts;
    const { local: address, bootServer, inFlight } = this.#dhcp?.server ?? {};
    return {
      status: address === undefined ? 'stopped' : 'running',
      mode: config.dhcpMode,
      dry_run: config.dhcpDryRun,
      ...(config.dhcpInterface === undefined ? {} : { interface: config.dhcpInterface }),
      ...(address === undefined ? {} : { address: `${address.address}:${address.port}` }),
      ...(bootServer === undefined ? {} : { boot_server: `${bootServer.address}:${bootServer.port}` }),
      static_bindings: [...this.#parts.view.reservations()].length,
      leases: this.#keeper.table.size,
      offers_held: this.#keeper.table.heldCount,
      in_flight: inFlight ?? 0,
      ...this.#dhcpMetrics.tallies,
    };
  }

  dhcpLeases(query: ListLeases): readonly LeaseRow[] {
    return leaseRowsOf(this.#keeper.table, query);
  }

  tftpStatus(): StatusRow {
    const { metrics, local, sessions } = this.#tftp;
    return {
      status: local === undefined ? 'stopped' : 'running',
      ...(local === undefined ? {} : { address: `${local.address}:${local.port}` }),
      sessions,
      total_requests: metrics.total,
      success: metrics.count('completed') + metrics.count('probed'),
      failed: metrics.total - metrics.count('completed') - metrics.count('probed'),
      bytes_served: metrics.bytesServed,
    };
  }

  syslogStatus(): StatusRow {
    return this.#syslog.status();
  }

  files(kind: 'tftp' | 'static' | 'repos'): Promise<readonly StatusRow[]> {
    return listAssets(this.#http, kind);
  }

  *bootConfigs(): Generator<StatusRow> {
    for (const node of this.#parts.view.nodes()) {
      const choice = this.#scripts.choose(node.mac);
      if (choice.script === 'wait') continue;
      yield { mac: formatMac(node.mac), ...choice, ...(node.sn === undefined ? {} : { sn: node.sn }) };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    this.#unsubscribe();
    this.#scriptRoutes[Symbol.dispose]();
    await this.#iso[Symbol.asyncDispose]();
  }

  #explainedSite(): ExplainerSite | undefined {
    const dhcp = this.#dhcp;
    return dhcp === undefined ? undefined : { view: dhcp.site.current, addresses: dhcp.server.addresses };
  }

  /** Copies may be ahead of us: our disk was lost, or another instance served meanwhile. Most are our own, come back. */
  #mergeLeases(changes: readonly ViewChange[]): void {
    for (const { kind, id } of changes) {
      const lease = kind === 'lease' ? this.#parts.view.leaseByIp(id) : undefined;
      if (lease !== undefined) this.#keeper.merge([lease]);
    }
  }

  /** What cannot be rendered is shown as the reason, so that it is found before the approval. */
  #renderFile(task: Task, kind: AnswerFileKind): RenderedFile {
    const { view, templates } = this.#parts;
    const profile = findProfile(view.profiles(), { ...task, profile: task.profile });
    const around = { asked: {}, node: view.nodeByMac(task.mac), subnets: view.subnets() };
    const path = pathOf(task, kind);
    const content_type = contentTypeOf(kind);
    if (profile === undefined) return { path, content_type, content: `# profile ${task.profile} not found\n` };
    const input = { task, profile, baseUrl: this.#publicUrl(), token: MASK, network: networkChoiceOf(task, around) };
    const ntp = view
      .subnets()
      .flatMap((subnet) => subnet.ntp)
      .slice(0, 4);
    const rendered = renderAnswerFile(kind, { ...input, ntp }, templates);
    const content = rendered.ok ? rendered.value : `# not rendered: ${JSON.stringify(rendered.fault)}\n`;
    return { path, content_type, content };
  }
}

function pathOf(task: Task, kind: AnswerFileKind): string {
  switch (kind) {
    case 'preseed':
      return `/preseed/${task.mac}/preseed.cfg`;
    case 'kickstart':
      return `/kickstart/${task.sn}`;
    default:
      return `/autoinstall/${task.mac}/${kind}`;
  }
}
