import type { FastifyInstance } from 'fastify';
import type { Clock, Logger, Random } from '@rackwright/kernel';
import type { ConfigOf, Metrics } from '@rackwright/platform';
import type { HttpBoot } from '../http-boot/create-http-boot.js';
import type { RegionView } from '../region-view/region-view.port.js';
import { IsoCache } from './iso-cache.js';
import { IsoRoutes } from './iso-routes.js';
import type { isoSettings } from './iso-settings.js';
import { parseIsoUpstream } from './iso-upstream.js';
import { LocalIsos } from './local-isos.js';

const BYTES_PER_MIB = 1_048_576;

export interface IsoServiceParts {
  readonly config: ConfigOf<typeof isoSettings>;
  readonly http: HttpBoot;
  /** Folder for fetched images. */
  readonly cacheDir: string;
  readonly view: RegionView;
  readonly publicUrl: () => string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** The patched images. Disposing ends downloads; what they fetched stays on disk. */
export interface IsoService extends AsyncDisposable {
  mount(server: FastifyInstance): void;
}

/** Builds the patched images; nothing is fetched or read before a machine asks. */
export function createIsoService({ config, http, cacheDir, ...parts }: IsoServiceParts): IsoService {
  const magic = config.isoMagic;
  const cache = new IsoCache({
    ...parts,
    magic,
    directory: cacheDir,
    upstreams: config.isoUpstreams.map(parseIsoUpstream).filter((upstream) => upstream !== undefined),
    redirects: config.isoRedirects,
    maxBytes: config.isoMaxMb * BYTES_PER_MIB,
    maxTotalBytes: config.isoCacheMaxMb * BYTES_PER_MIB,
    revalidateMs: config.isoRevalidate,
    timeoutMs: config.isoUpstreamTimeout,
  });
  const routes = new IsoRoutes({
    ...parts,
    magic,
    cache,
    local: new LocalIsos(http.assets.below('iso'), magic),
    sender: http.sender,
    transfers: http.transfers,
    extraArgs: config.isoKernelArgs,
    waitMs: config.isoWait,
  });
  return {
    mount(server) {
      routes.mount(server);
    },
    [Symbol.asyncDispose]: () => cache[Symbol.asyncDispose](),
  };
}
