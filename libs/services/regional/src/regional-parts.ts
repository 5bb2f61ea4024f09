import type { DurableDocument, DurableLog, MessageBus, Store, WatchedFiles } from '@rackwright/contracts';
import type { PlatformPorts } from '@rackwright/platform';
import type { BootPlaneFactory } from './boot-plane.port.js';
import type { RegionalConfig } from './config.js';

/** What a region is made of. */
export interface RegionalParts extends PlatformPorts {
  readonly config: RegionalConfig;
  readonly version: string;
  readonly store: Store;
  readonly bus: MessageBus;
  /** The view on disk, divided among these. */
  readonly snapshots: readonly DurableDocument[];
  readonly identity: DurableDocument;
  /** Facts kept while etcd is away. */
  readonly factLog: DurableLog;
  /** Log lines kept while NATS is away. */
  readonly logLog: DurableLog;
  /** Where the site file is read from, and the last good copy of it. */
  readonly files: WatchedFiles;
  readonly siteCopy: DurableDocument;
  readonly bootPlane: BootPlaneFactory;
}
