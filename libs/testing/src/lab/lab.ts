import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseIpv4 } from '@rackwright/kernel';
import { launchEtcd, type EtcdServer } from '../launchers/launch-etcd.js';
import { launchNats, type NatsServer } from '../launchers/launch-nats.js';
import { launchService, type ServiceProcess } from '../launchers/launch-service.js';
import { SimulatedRelay } from '../machines/simulated-relay.js';
import { freePort } from '../net/free-port.js';
import { ApiClient } from './api-client.js';
import { prepareSimulatedAssets } from './simulated-assets.js';

/** Ports of one region; those not given are free ones. */
export interface RegionPorts {
  readonly http?: number;
  readonly dhcp?: number;
  readonly tftp?: number;
}

export interface LabSetup {
  /** Regions to start; default dc1 alone. */
  readonly idcs?: readonly string[];
  /** Where all state goes; default: a temporary folder, removed on disposal. */
  readonly stateDir?: string;
  readonly ports?: {
    readonly etcd?: number;
    readonly nats?: number;
    readonly mqtt?: number;
    readonly controlPlane?: number;
    readonly regions?: Readonly<Record<string, RegionPorts>>;
  };
  /** Further settings of every service. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether etcd waits for the disk before it answers; default false. */
  readonly hasDurableEtcd?: boolean;
  /** Where the services find etcd, when not directly (a proxy that cuts the link). */
  readonly etcdEndpoint?: (etcd: EtcdServer) => Promise<string>;
  readonly onProgress?: (what: string) => void;
}

/** One running region and the wire its machines are plugged into. */
export interface LabRegion extends AsyncDisposable {
  readonly idc: string;
  readonly service: ServiceProcess;
  readonly relay: SimulatedRelay;
  readonly dhcpPort: number;
  readonly tftpPort: number;
  readonly stateDir: string;
}

/** The whole product in real processes: etcd, NATS, a control plane, regions. */
export class Lab implements AsyncDisposable {
  readonly etcd: EtcdServer;
  readonly nats: NatsServer;
  readonly controlPlane: ServiceProcess;
  readonly regions: ReadonlyMap<string, LabRegion>;
  readonly api: ApiClient;
  readonly #stack: AsyncDisposableStack;

  constructor(parts: Pick<Lab, 'etcd' | 'nats' | 'controlPlane' | 'regions'>, stack: AsyncDisposableStack) {
    this.etcd = parts.etcd;
    this.nats = parts.nats;
    this.controlPlane = parts.controlPlane;
    this.regions = parts.regions;
    this.api = new ApiClient(parts.controlPlane.url);
    this.#stack = stack;
  }

  region(idc: string): LabRegion {
    const found = this.regions.get(idc);
    if (found === undefined) throw new RangeError(`the lab has no region ${idc}`);
    return found;
  }

  /** Ends everything it started, the last first. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

/** Addresses of each region's machines: the third octet is the number of the region. */
function labSubnet(index: number): {
  readonly name: string;
  readonly body: Record<string, unknown>;
  readonly gateway: string;
} {
  const net = `10.101.${String(index + 1)}`;
  const pools = [{ start: `${net}.10`, end: `${net}.250` }];
  const gateway = `${net}.1`;
  const body = { cidr: `${net}.0/24`, pools, gateway, dns: [gateway], lease_seconds: 3_600, next_server: '127.0.0.1' };
  return { name: 'machines', body, gateway };
}

/** Starts the product and gives every region a subnet; what was started before a failure is ended again. */
export async function startLab(setup: LabSetup = {}): Promise<Lab> {
  await using stack = new AsyncDisposableStack();
  const stateDir = setup.stateDir ?? (await temporaryDir(stack));
  const { etcd, nats } = await startServers({ ...setup, stateDir }, stack);
  const endpoint = setup.etcdEndpoint === undefined ? etcd.endpoint : await setup.etcdEndpoint(etcd);
  const env = { RW_ETCD_ENDPOINTS: endpoint, RW_NATS_URL: nats.url, ...setup.env };
  setup.onProgress?.('control plane');
  const controlPlane = stack.use(
    await launchService({ app: 'control-plane', env, ...given('port', setup.ports?.controlPlane) }),
  );
  const regions = await startRegions({ ...setup, stateDir, env }, controlPlane, stack);
  return new Lab({ etcd, nats, controlPlane, regions }, stack.move());
}

type Placed = LabSetup & { readonly stateDir: string };

async function startServers(
  { stateDir, ports = {}, hasDurableEtcd = false, onProgress }: Placed,
  stack: AsyncDisposableStack,
): Promise<Pick<Lab, 'etcd' | 'nats'>> {
  onProgress?.('etcd');
  const etcd = stack.use(
    await launchEtcd({ dataDir: join(stateDir, 'etcd'), isDurable: hasDurableEtcd, ...given('port', ports.etcd) }),
  );
  onProgress?.('NATS with MQTT');
  const natsPorts = { ...given('port', ports.nats), ...given('mqttPort', ports.mqtt) };
  const nats = stack.use(await launchNats({ storeDir: join(stateDir, 'nats'), ...natsPorts }));
  return { etcd, nats };
}

async function startRegions(
  setup: Placed & { readonly env: Readonly<Record<string, string>> },
  controlPlane: ServiceProcess,
  stack: AsyncDisposableStack,
): Promise<Lab['regions']> {
  const { stateDir, env } = setup;
  const assetDir = await prepareSimulatedAssets(join(stateDir, 'assets'));
  const regions = new Map<string, LabRegion>();
  for (const [index, idc] of (setup.idcs ?? ['dc1']).entries()) {
    setup.onProgress?.(`region ${idc}`);
    const place = { index, idc, stateDir, assetDir, env, ports: setup.ports?.regions?.[idc] ?? {} };
    regions.set(idc, stack.use(await startRegion(place, new ApiClient(controlPlane.url))));
  }
  return regions;
}

interface RegionPlace {
  readonly index: number;
  readonly idc: string;
  readonly stateDir: string;
  readonly assetDir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly ports: RegionPorts;
}

async function startRegion(place: RegionPlace, api: ApiClient): Promise<LabRegion> {
  await using stack = new AsyncDisposableStack();
  const { idc, index } = place;
  const subnet = labSubnet(index);
  await api.call('PUT', `/api/v1/subnets/${idc}/${subnet.name}`, subnet.body);
  const dhcpPort = place.ports.dhcp ?? (await freePort());
  const tftpPort = place.ports.tftp ?? (await freePort());
  const stateDir = join(place.stateDir, idc);
  const service = stack.use(
    await launchService({
      app: 'regional',
      ...given('port', place.ports.http),
      env: {
        ...place.env,
        RW_IDC: idc,
        RW_STATE_DIR: stateDir,
        RW_ASSET_DIR: place.assetDir,
        RW_DHCP_MODE: 'server',
        RW_DHCP_RELAYS: '127.0.0.1',
        RW_DHCP_PORT: String(dhcpPort),
        RW_DHCP_PXE_PORT: '0',
        RW_TFTP_PORT: String(tftpPort),
        RW_SYSLOG_PORT: '0',
      },
    }),
  );
  const linkAddress = parseIpv4(subnet.gateway);
  if (linkAddress === undefined) throw new Error('the lab subnet has no gateway');
  const relay = stack.use(await SimulatedRelay.open({ serverPort: dhcpPort, linkAddress }));
  const owned = stack.move();
  return { idc, service, relay, dhcpPort, tftpPort, stateDir, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function temporaryDir(stack: AsyncDisposableStack): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'rackwright-lab-'));
  stack.defer(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

function given<Name extends string>(name: Name, value: number | undefined): Partial<Record<Name, number>> {
  return value === undefined ? {} : ({ [name]: value } as Record<Name, number>);
}
