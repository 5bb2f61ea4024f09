import { returnMemory } from './compact-heap.js';
import 'reflect-metadata';
import { join } from 'node:path';
import { EtcdStore } from '@rackwright/adapter-etcd-store';
import { FileDocument, FileJournal } from '@rackwright/adapter-file-journal';
import { LiquidTemplates } from '@rackwright/adapter-liquid-templates';
import { NatsBus } from '@rackwright/adapter-nats-bus';
import { NodeStreamListeners } from '@rackwright/adapter-tcp-listener';
import { ThreadedTransfers } from '@rackwright/adapter-tftp-threads';
import {
  IcmpAddressProbe,
  inheritedDescriptors,
  NodeDatagramSockets,
  PacketLinkSenders,
} from '@rackwright/adapter-udp-socket';
import { PolledFiles } from '@rackwright/adapter-watched-file';
import { processHost, runService, type ServiceContext } from '@rackwright/platform';
import {
  bootPlaneWith,
  checkRegionalConfig,
  createRegional,
  regionalSettings,
  withOwnAddress,
} from '@rackwright/service-regional';
import packageFile from '../package.json' with { type: 'json' };
import { addressesOf } from './interface-addresses.js';

const definition = {
  name: 'regional',
  version: packageFile.version,
  settings: regionalSettings,
  check: checkRegionalConfig,
};

/** A change rewrites one part: with ten thousand machines about a megabyte. */
const SNAPSHOT_PARTS = 32;

async function start(context: ServiceContext<typeof regionalSettings>): Promise<AsyncDisposable> {
  const { clock, random, logger } = context;
  const config = withOwnAddress(context.config, addressesOf);
  const { idc, stateDir } = config;
  await using starting = new AsyncDisposableStack();
  const journal = async (name: string): Promise<FileJournal> =>
    starting.use(await FileJournal.open({ directory: join(stateDir, name), logger }));
  const factLog = await journal('facts');
  const logLog = await journal('log-lines');
  const leaseLog = await journal('leases');
  const store = starting.use(new EtcdStore({ endpoints: config.etcdEndpoints, clock, random, logger }));
  const bus = starting.use(
    await NatsBus.connect({ servers: config.natsUrl, name: `regional-${idc}`, clock, random, logger }),
  );
  const bootPlane = bootPlaneWith({
    config,
    sockets: new NodeDatagramSockets({ logger, inherited: inheritedDescriptors(processHost().input.env, process.pid) }),
    streams: new NodeStreamListeners(),
    links: new PacketLinkSenders(),
    probe: starting.use(new IcmpAddressProbe({ clock, random, logger: logger.child({ part: 'dhcp' }) })),
    ...(config.tftpThreads === 0 ? {} : { transfers: new ThreadedTransfers({ threads: config.tftpThreads }) }),
    templates: new LiquidTemplates(),
    leaseLog,
    leaseSnapshot: new FileDocument(join(stateDir, 'leases.json')),
    isoCacheDir: join(stateDir, 'iso'),
    addressesOf,
  });
  const snapshots = Array.from(
    { length: SNAPSHOT_PARTS },
    (_, part) => new FileDocument(join(stateDir, 'view', `${part}.snapshot`)),
  );
  const onDisk = {
    identity: new FileDocument(join(stateDir, 'identity.json')),
    siteCopy: new FileDocument(join(stateDir, 'site-file.copy')),
    files: new PolledFiles({ clock }),
  };
  const region = starting.use(
    await createRegional({ ...context, ...onDisk, config, store, bus, snapshots, factLog, logLog, bootPlane }),
  );
  region.viewRead.then(returnMemory, () => undefined);
  return starting.move();
}

await runService(definition, start);
