import { createHash } from 'node:crypto';
import type { FileFault, FileObserver, WatchedFile } from '@rackwright/contracts';
import type { Cancel, Clock } from '@rackwright/kernel';
import { fingerprintOf, readFileAt, type FilePlace } from './read-file.js';

export interface PolledFileParts {
  readonly clock: Clock;
  readonly pollMs: number;
  readonly settleMs: number;
  readonly observer: FileObserver;
}

/** One file that is looked at now and then. */
export class PolledFile implements WatchedFile {
  readonly looked: Promise<void>;
  readonly #place: FilePlace;
  readonly #parts: PolledFileParts;
  readonly #noteLooked: () => void;
  #isEnded = false;
  #cancel: Cancel | undefined;
  #looking: Promise<void>;
  /** What was there at the last look, read or not. */
  #seen: string | undefined;
  /** What was read last. */
  #taken: string | undefined;
  /** What the observer knows: a digest of contents, or a fault. */
  #told: string | undefined;

  constructor(place: FilePlace, parts: PolledFileParts) {
    this.#place = place;
    this.#parts = parts;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.looked = promise;
    this.#noteLooked = () => resolve(undefined);
    this.#looking = this.#look();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isEnded = true;
    this.#cancel?.();
    await this.#looking;
    this.#noteLooked();
  }

  async #look(): Promise<void> {
    const { clock, pollMs, settleMs } = this.#parts;
    const isSettled = await this.#lookOnce();
    if (this.#isEnded) return;
    this.#cancel = clock.schedule(isSettled ? pollMs : settleMs, () => {
      this.#looking = this.#look();
    });
  }

  /** Whether everything there is to know has been told. */
  async #lookOnce(): Promise<boolean> {
    const found = await fingerprintOf(this.#place);
    if (!found.ok) {
      this.#tellFault(found.fault);
      return true;
    }
    if (found.value === this.#taken) return true;
    if (found.value !== this.#seen) {
      this.#seen = found.value;
      return false;
    }
    const read = await readFileAt(this.#place, found.value);
    if (read === 'changed') return false;
    if (read.ok) this.#tellContents(read.value, found.value);
    else this.#tellFault(read.fault);
    return true;
  }

  #tellContents(bytes: Uint8Array, fingerprint: string): void {
    this.#taken = fingerprint;
    const digest = createHash('sha256').update(bytes).digest('base64');
    this.#tell(digest, () => {
      this.#parts.observer.onContents(bytes);
    });
  }

  #tellFault(fault: FileFault): void {
    this.#taken = undefined;
    this.#seen = undefined;
    this.#tell(fault.code, () => {
      this.#parts.observer.onFault(fault);
    });
  }

  #tell(what: string, tell: () => void): void {
    if (this.#isEnded || what === this.#told) return;
    this.#told = what;
    tell();
    this.#noteLooked();
  }
}
