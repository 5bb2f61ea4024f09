import type { LeaseLookup } from '@rackwright/domain-netboot';
import type { Ipv4, Logger, Mac } from '@rackwright/kernel';
import { ProblemError } from '@rackwright/platform';
import { netasciiSize, tftpPath } from '@rackwright/protocol-tftp';
import {
  isUnchanged,
  readAsset,
  splitMac,
  type Asset,
  type AssetDirectory,
  type AssetRefusal,
} from '../http-boot/asset-directory.js';
import { baseUrlFor } from '../http-boot/boot-address.js';
import type { BootScriptService } from '../http-boot/boot-script-service.js';
import type { NodeSightings } from '../nodes/node-registry.port.js';
import type { RegionView } from '../region-view/region-view.port.js';
import { formatLoaderConfig, loaderRequestOf, planOfScript, type LoaderKind } from './boot-loader-config.js';

export interface TftpContentsParts {
  readonly assets: AssetDirectory;
  readonly scripts: BootScriptService;
  readonly view: RegionView;
  readonly leases: Pick<LeaseLookup, 'find'>;
  readonly sightings: NodeSightings;
  readonly publicUrl: () => string;
  readonly logger: Logger;
}

/** What a request is answered with. */
export interface TftpContent extends AsyncDisposable {
  readonly sizeBytes: number;
  /** The open file, when it is sent just as it is on disk. */
  readonly descriptor?: number;
  /** Reads what is at `position` into `target`; how much it was. */
  read(target: Uint8Array, position: number): Promise<number>;
}

/** Why there is nothing to send. */
export type ContentRefusal = AssetRefusal | 'unavailable';

/** What the names of TFTP requests stand for: files, the same as seen by one machine, and loader configurations. */
export class TftpContents {
  readonly #parts: TftpContentsParts;

  constructor(parts: TftpContentsParts) {
    this.#parts = parts;
  }

  async open(filename: string, client: Ipv4): Promise<TftpContent | ContentRefusal> {
    const path = tftpPath(filename);
    if (!path.ok) return 'outside-root';
    const loader = loaderRequestOf(path.value);
    if (loader !== undefined) return this.#render(loader, client);
    const { mac, name } = splitMac(path.value);
    const reader = mac === undefined ? undefined : { mac, baseUrl: this.#baseUrl(client) };
    const asset = await this.#parts.assets.open(name, reader);
    if (typeof asset === 'string') return asset;
    if (mac !== undefined) this.#note(mac, client);
    return new AssetContent(asset);
  }

  async #render(
    { kind, mac }: { readonly kind: LoaderKind; readonly mac: Mac },
    client: Ipv4,
  ): Promise<TftpContent | ContentRefusal> {
    const { scripts, logger } = this.#parts;
    const baseUrl = this.#baseUrl(client);
    this.#note(mac, client);
    let script: string;
    try {
      script = (await scripts.serve(mac, baseUrl)).text;
    } catch (error) {
      // Its reason is in the log already; the machine asks again.
      if (error instanceof ProblemError) return 'unavailable';
      throw error;
    }
    const config = formatLoaderConfig(kind, planOfScript(script), baseUrl);
    if (config.ok) return new TextContent(config.value);
    logger.error({ mac, kind, fault: config.fault }, 'a loader configuration cannot be written');
    return 'unavailable';
  }

  #baseUrl(client: Ipv4): string {
    const { publicUrl, view } = this.#parts;
    return baseUrlFor(publicUrl(), view.subnets(), client);
  }

  #note(mac: Mac, client: Ipv4): void {
    const isLeased = this.#parts.leases.find(client)?.mac === mac;
    void this.#parts.sightings.noteBootClient({ mac, ...(isLeased ? { ip: client } : {}) });
  }
}

class AssetContent implements TftpContent {
  readonly sizeBytes: number;
  readonly descriptor?: number;
  readonly #asset: Asset;

  constructor(asset: Asset) {
    this.#asset = asset;
    this.sizeBytes = asset.sizeBytes;
    if (asset.overlays.length === 0) this.descriptor = asset.handle.fd;
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    const length = await readAsset(this.#asset, target, position);
    const isEnd = position + length >= this.sizeBytes;
    if (isEnd && !(await isUnchanged(this.#asset))) throw new Error('the file changed while it was read');
    return length;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#asset.handle.close();
  }
}

class TextContent implements TftpContent {
  readonly sizeBytes: number;
  readonly #octets: Uint8Array;

  constructor(text: string) {
    this.#octets = Buffer.from(text, 'utf8');
    this.sizeBytes = this.#octets.length;
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    const part = this.#octets.subarray(position, position + target.length);
    target.set(part);
    return part.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.resolve();
  }
}

/** Mode netascii is for texts: all of one is read and counted before its first octet is sent. */
export const NETASCII_MAX_BYTES = 16 * 1_048_576;
const COUNTED_AT_ONCE_BYTES = 65_536;

/** How many octets a content has once it is converted to netascii; reads all of it. */
export async function netasciiSizeOf(content: TftpContent): Promise<number> {
  const piece = new Uint8Array(COUNTED_AT_ONCE_BYTES);
  let size = 0;
  for (let at = 0; at < content.sizeBytes;) {
    const length = await content.read(piece.subarray(0, Math.min(piece.length, content.sizeBytes - at)), at);
    if (length === 0) break;
    size += netasciiSize(piece.subarray(0, length));
    at += length;
  }
  return size;
}
