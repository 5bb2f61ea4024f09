import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Logger, Random } from '@rackwright/kernel';
import { defineCounter, defineGauge, type CounterMetric, type Metrics } from '@rackwright/platform';
import { recordPath } from './iso-content.js';
import { IsoSource } from './iso-source.js';
import { UpstreamAllowList, type IsoUpstream } from './iso-upstream.js';
import { UpstreamClient } from './upstream-client.js';
import { UpstreamError } from './upstream-fault.js';

const fetchedTotal = defineCounter({
  name: 'rw_iso_upstream_bytes_total',
  help: 'Octets of ISO images received from upstreams.',
  labels: ['iso'],
});
const failuresTotal = defineCounter({
  name: 'rw_iso_upstream_failures_total',
  help: 'Tries to fetch an ISO image that failed, by reason.',
  labels: ['iso', 'code'],
});
const cacheGauge = defineGauge({ name: 'rw_iso_cache_bytes', help: 'Disk space taken by fetched ISO images.' });

export interface IsoCacheParts {
  readonly directory: string;
  readonly upstreams: readonly IsoUpstream[];
  /** URL prefixes that upstreams may redirect to. */
  readonly redirects: readonly string[];
  readonly magic: string;
  /** Largest image, and all of them. */
  readonly maxBytes: number;
  readonly maxTotalBytes: number;
  readonly revalidateMs: number;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** The upstream images by name, and the disk space they share. */
export class IsoCache implements AsyncDisposable {
  readonly #parts: IsoCacheParts;
  readonly #sources: ReadonlyMap<string, IsoSource>;
  readonly #failures: CounterMetric<'iso' | 'code'>;
  #preparing: Promise<void> | undefined;

  constructor(parts: IsoCacheParts) {
    this.#parts = parts;
    const { upstreams, redirects, timeoutMs, metrics } = parts;
    const fetched = metrics.counter(fetchedTotal);
    this.#failures = metrics.counter(failuresTotal);
    metrics.gauge(cacheGauge).readFrom(() => this.#occupiedBytes);
    const client = new UpstreamClient({ allowed: new UpstreamAllowList(upstreams, redirects), timeoutMs });
    const makeSource = (upstream: IsoUpstream): IsoSource =>
      new IsoSource({
        ...parts,
        upstream,
        client,
        makeRoom: (octets) => this.#makeRoom(octets),
        onOctets: (octets) => {
          fetched.add(octets, { iso: upstream.name });
        },
        onFailure: (code) => {
          this.#failures.increment({ iso: upstream.name, code });
        },
      });
    this.#sources = new Map(upstreams.map((upstream) => [upstream.name, makeSource(upstream)]));
  }

  /** The image of that name, ready to be opened; `undefined` when no such upstream was configured. */
  async find(name: string): Promise<IsoSource | undefined> {
    const source = this.#sources.get(name);
    if (source === undefined) return undefined;
    this.#preparing ??= this.#prepare().catch((cause: unknown) => {
      this.#preparing = undefined;
      throw new UpstreamError('cache-failed', 'the cache of images cannot be read', { isPassing: true, cause });
    });
    await this.#preparing;
    return source;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#sources.values()].map((source) => source[Symbol.asyncDispose]()));
  }

  get #occupiedBytes(): number {
    return [...this.#sources.values()].reduce((sum, source) => sum + source.occupiedBytes, 0);
  }

  /** Takes up what is on disk, and takes off it what belongs to no upstream any more. */
  async #prepare(): Promise<void> {
    const { directory, logger } = this.#parts;
    await mkdir(directory, { recursive: true });
    const sources = [...this.#sources.values()];
    const known = new Set(sources.flatMap(({ fileNames }) => fileNames.flatMap((name) => [name, recordPath(name)])));
    for (const name of await readdir(directory)) {
      if (known.has(name) || !/\.iso(?:\.json(?:\.tmp)?)?$/.test(name)) continue;
      logger.info({ file: name }, 'a cached ISO belongs to no upstream and is removed');
      await rm(join(directory, name), { force: true });
    }
    for (const source of sources) await source.load();
  }

  async #makeRoom(octets: number): Promise<void> {
    const { maxTotalBytes, logger } = this.#parts;
    const byUse = [...this.#sources.values()].sort((left, right) => left.usedAtMs - right.usedAtMs);
    for (const source of byUse) {
      if (this.#occupiedBytes + octets <= maxTotalBytes) return;
      if (await source.evict()) logger.info({ files: source.fileNames }, 'a cached ISO made room for another');
    }
    if (this.#occupiedBytes + octets <= maxTotalBytes) return;
    throw new UpstreamError('cache-full', 'the cache of images has no room for another', { isPassing: true });
  }
}
