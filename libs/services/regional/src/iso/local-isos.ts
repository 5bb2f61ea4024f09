import { readAsset, type Asset, type AssetDirectory } from '../http-boot/asset-directory.js';
import { MagicScanner } from './magic-scanner.js';

const SCAN_CHUNK_BYTES = 1_048_576;
const MAX_REMEMBERED = 64;

/** ISO images in the asset directory, with the places of the magic in them. */
export class LocalIsos {
  readonly #assets: AssetDirectory;
  readonly #magic: string;
  /** By fingerprint: one scan for any number of machines. */
  readonly #scans = new Map<string, Promise<readonly number[]>>();

  /** `assets` is the folder of the images. */
  constructor(assets: AssetDirectory, magic: string) {
    this.#assets = assets;
    this.#magic = magic;
  }

  /** The image and its places; the caller closes its handle. `undefined` when it cannot be given out. */
  async open(name: string): Promise<{ readonly asset: Asset; readonly offsets: readonly number[] } | undefined> {
    const asset = await this.#assets.open(`${name}.iso`);
    if (typeof asset === 'string') return undefined;
    try {
      return { asset, offsets: await this.#offsetsIn(asset) };
    } catch (error) {
      await asset.handle.close();
      throw error;
    }
  }

  #offsetsIn(asset: Asset): Promise<readonly number[]> {
    const known = this.#scans.get(asset.fingerprint);
    if (known !== undefined) return known;
    const [oldest] = this.#scans.keys();
    if (this.#scans.size >= MAX_REMEMBERED && oldest !== undefined) this.#scans.delete(oldest);
    const scan = this.#scan(asset);
    this.#scans.set(asset.fingerprint, scan);
    scan.catch(() => this.#scans.delete(asset.fingerprint));
    return scan;
  }

  async #scan(asset: Asset): Promise<readonly number[]> {
    const scanner = new MagicScanner(this.#magic);
    const chunk = Buffer.allocUnsafe(SCAN_CHUNK_BYTES);
    for (let at = 0; ;) {
      const length = await readAsset(asset, chunk, at);
      if (length === 0) return scanner.offsets;
      scanner.push(chunk.subarray(0, length));
      at += length;
    }
  }
}
