import type { FileObserver, WatchedFile, WatchedFiles } from '@rackwright/contracts';
import type { Clock } from '@rackwright/kernel';
import { PolledFile } from './polled-file.js';
import type { FilePlace } from './read-file.js';

/** A stat per second costs nothing, and people notice a change within the next. */
const DEFAULT_POLL_MS = 1_000;
/** Editors and copies write a file within less. */
const DEFAULT_SETTLE_MS = 200;

export interface PolledFilesOptions {
  readonly clock: Clock;
  /** How often the path is looked at. */
  readonly pollMs?: number;
  /** A file is read once it has not changed for this long: it may be in the middle of being written. */
  readonly settleMs?: number;
}

/**
 * `WatchedFiles` by asking the file system for the file's identity, size and times now and then. Notifications of the
 * kernel are bound to an inode or a directory: they miss links that are switched further up the path, and network file
 * systems send none.
 */
export class PolledFiles implements WatchedFiles {
  readonly #pace: Required<PolledFilesOptions>;

  constructor({ clock, pollMs = DEFAULT_POLL_MS, settleMs = DEFAULT_SETTLE_MS }: PolledFilesOptions) {
    this.#pace = { clock, pollMs, settleMs };
  }

  watch(at: FilePlace, observer: FileObserver): WatchedFile {
    return new PolledFile(at, { ...this.#pace, observer });
  }
}
