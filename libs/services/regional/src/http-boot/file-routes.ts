import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { parseMac, type Mac } from '@rackwright/kernel';
import { ProblemError } from '@rackwright/platform';
import { isUnchanged, readAsset, type Asset, type AssetDirectory, type AssetRefusal } from './asset-directory.js';
import type { RegionView } from '../region-view/region-view.port.js';
import { etagOfAsset } from './asset-etag.js';
import { baseUrlFor, sourceAddress } from './boot-address.js';
import { mediaTypeOf } from './media-types.js';
import type { ObjectSender } from './object-sender.js';
import type { ServedFolder, TransferMetrics } from './transfer-metrics.js';

export interface FileRoutesParts {
  readonly root: AssetDirectory;
  readonly sender: ObjectSender;
  readonly metrics: TransferMetrics;
  readonly view: Pick<RegionView, 'subnets'>;
  readonly publicUrl: () => string;
}

type FileFolder = Exclude<ServedFolder, 'iso'>;

interface AskedFile {
  readonly folder: FileFolder;
  readonly name: string;
  readonly mac?: Mac;
}

/** Seconds until a file that is not what the manifest says is asked for again. */
const RETRY_AFTER_SECONDS = 10;

/** `/ipxe`, `/static` and `/repos`: files with HEAD, Range, ETag, conditional requests and Content-Length. */
export class FileRoutes {
  readonly #parts: FileRoutesParts;
  readonly #folders: Readonly<Record<FileFolder, AssetDirectory>>;

  constructor(parts: FileRoutesParts) {
    this.#parts = parts;
    const { root } = parts;
    this.#folders = { ipxe: root, static: root.below('static'), repos: root.below('repos') };
  }

  mount(server: FastifyInstance): void {
    server.get<{ Params: { file: string } }>('/ipxe/:file', (request, reply) =>
      this.#serve(request, reply, { folder: 'ipxe', name: request.params.file }),
    );
    server.get<{ Params: { file: string; mac: string } }>('/ipxe/:mac/:file', (request, reply) => {
      const mac = parseMac(request.params.mac);
      if (mac === undefined) throw new ProblemError('not-found', 'No such file');
      return this.#serve(request, reply, { folder: 'ipxe', name: request.params.file, mac });
    });
    for (const folder of ['static', 'repos'] as const) {
      server.get<{ Params: { '*': string } }>(`/${folder}/*`, (request, reply) =>
        this.#serve(request, reply, { folder, name: request.params['*'] }),
      );
    }
  }

  async #serve(request: FastifyRequest, reply: FastifyReply, { folder, name, mac }: AskedFile): Promise<FastifyReply> {
    const { sender } = this.#parts;
    sender.requireRoom(folder);
    const reader = mac === undefined ? undefined : { mac, baseUrl: this.#baseUrl(request) };
    const asset = await this.#folders[folder].open(name, reader);
    if (typeof asset === 'string') throw this.#refusal(folder, asset);
    return sender.send(request, reply, {
      folder,
      sizeBytes: asset.sizeBytes,
      etag: etagOfAsset(asset),
      modifiedAtMs: asset.modifiedAtMs,
      mediaType: mediaTypeOf(asset.path),
      read: (target, position) => readAsset(asset, target, position),
      isCurrent: () => isUnchanged(asset),
      close: () => closeAsset(asset),
    });
  }

  #baseUrl({ ip }: FastifyRequest): string {
    const { publicUrl, view } = this.#parts;
    return baseUrlFor(publicUrl(), view.subnets(), sourceAddress(ip));
  }

  #refusal(folder: FileFolder, reason: AssetRefusal): ProblemError {
    const { metrics } = this.#parts;
    if (reason === 'hash-mismatch') {
      metrics.ended(folder, 'hash-mismatch');
      return new ProblemError('unavailable', 'The file is not what it should be', {
        headers: { 'retry-after': String(RETRY_AFTER_SECONDS) },
      });
    }
    metrics.ended(folder, 'not-found');
    return new ProblemError('not-found', 'No such file');
  }
}

function closeAsset(asset: Asset): Promise<void> {
  return asset.handle.close();
}
