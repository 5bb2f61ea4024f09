import type { Clock, Logger } from '@rackwright/kernel';
import type { ConfigOf, Metrics } from '@rackwright/platform';
import { AssetDirectory } from './asset-directory.js';
import { AssetManifest } from './asset-manifest.js';
import { EmbeddedScripts } from './embedded-scripts.js';
import type { httpBootSettings } from './http-boot-settings.js';
import { ObjectSender } from './object-sender.js';
import { TransferMetrics } from './transfer-metrics.js';

export interface HttpBootParts {
  readonly config: ConfigOf<typeof httpBootSettings>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** What files are served from and with, shared by HTTP and TFTP. */
export interface HttpBoot {
  readonly assets: AssetDirectory;
  readonly manifest: AssetManifest;
  readonly transfers: TransferMetrics;
  readonly sender: ObjectSender;
}

/** Builds what the file routes stand on; nothing is read before a request or `manifest.start()`. */
export function createHttpBoot({ config, clock, logger, metrics }: HttpBootParts): HttpBoot {
  const manifest = new AssetManifest({ root: config.assetDir, clock, metrics, logger });
  const embedded = new EmbeddedScripts({ template: config.ipxeScriptPatch, logger });
  const transfers = new TransferMetrics(metrics);
  const { httpMaxTransfers: maxTransfers, httpStallTimeout: stallMs } = config;
  const sender = new ObjectSender({ metrics: transfers, clock, logger, maxTransfers, stallMs });
  return { assets: new AssetDirectory(config.assetDir, { manifest, embedded }), manifest, transfers, sender };
}
