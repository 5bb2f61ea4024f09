import type { Cancel, Clock, Logger } from '@rackwright/kernel';
import { withoutMac, type AssetDirectory } from '../http-boot/asset-directory.js';

export interface BootFileIndexParts {
  readonly assets: AssetDirectory;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Names that are made for one machine when it asks, such as `pxelinux.cfg/01-…`. */
  readonly isRendered?: (name: string) => boolean;
}

/** How late a file that was put in or taken out is noticed. */
const RESCAN_INTERVAL_MS = 5_000;
/** Folders that hold no boot files and can be large. */
const OTHER_FOLDERS = ['static', 'repos'];
/** {@link AssetDirectory.list} shows no more: beyond it a name we did not see may still be there. */
const MAX_LISTED_FILES = 10_000;

/** Knows without asking the disk which boot files there are. */
export class BootFileIndex implements Disposable {
  readonly #parts: BootFileIndexParts;
  #names: ReadonlySet<string> = new Set();
  #isComplete = false;
  #isRunning = false;
  #cancel: Cancel = () => undefined;

  constructor(parts: BootFileIndexParts) {
    this.#parts = parts;
  }

  /** Looks once, and again and again until disposed. */
  async start(): Promise<void> {
    this.#isRunning = true;
    await this.#scan();
  }

  /** Whether a machine that asks for `name` gets a file. While the folder cannot be read, every name counts as there. */
  has(name: string): boolean {
    const { assets, isRendered } = this.#parts;
    const file = withoutMac(name);
    if (assets.isDisowned(file)) return false;
    return !this.#isComplete || this.#names.has(file) || isRendered?.(name) === true;
  }

  [Symbol.dispose](): void {
    this.#isRunning = false;
    this.#cancel();
  }

  async #scan(): Promise<void> {
    const { assets, clock, logger } = this.#parts;
    try {
      const names = await assets.list({ without: OTHER_FOLDERS });
      this.#names = new Set(names);
      this.#isComplete = names.length < MAX_LISTED_FILES;
    } catch (error) {
      this.#isComplete = false;
      logger.warn({ err: error }, 'the asset directory could not be read');
    }
    if (!this.#isRunning) return;
    this.#cancel();
    this.#cancel = clock.schedule(RESCAN_INTERVAL_MS, () => void this.#scan());
  }
}
