import type { DurableDocument } from '@rackwright/contracts';
import type { Cancel, Clock, Idc, Logger } from '@rackwright/kernel';
import type { RegionState } from './region-state.js';
import type { ViewChange } from './region-view.port.js';
import { formatSnapshot, parseSnapshot, type Snapshot, type SnapshotPart } from './snapshot.js';

/** A change is on disk this long after it happened, unless writing takes long. */
const DEBOUNCE_MS = 250;
/** A busy view is written less often: at most one tenth of the time goes into it. */
const REST_PER_WRITE = 10;
/** A disk that refuses is not asked, and complained about, several times a second. */
const RETRY_AFTER_MS = 10_000;

export interface SnapshotKeeperParts {
  readonly idc: Idc;
  /** The snapshot is divided among these, so that a change costs a part and not the whole. */
  readonly documents: readonly DurableDocument[];
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Keeps the view on disk, so that a region restarted while etcd is away knows what it knew. */
export class SnapshotKeeper implements AsyncDisposable {
  readonly #parts: SnapshotKeeperParts;
  readonly #state: RegionState;
  readonly #stop: () => void;
  readonly #dirty = new Set<number>();
  #due: Cancel | undefined;
  #writing: Promise<void> = Promise.resolve();
  #isPaused = false;
  #lastWriteMs = 0;
  #isRefused = false;

  constructor(state: RegionState, parts: SnapshotKeeperParts) {
    this.#state = state;
    this.#parts = parts;
    this.#stop = state.onChange((changes) => {
      for (const change of changes) if (isKeptHere(change)) this.#dirty.add(this.#partOf(change));
      this.#schedule();
    });
  }

  /** Fills the view from disk; `false` when there is no usable snapshot. */
  async load(): Promise<boolean> {
    const { documents, logger } = this.#parts;
    const found: Snapshot[] = [];
    for (const [part, document] of documents.entries()) {
      const text = await document.read();
      if (text === undefined) continue;
      const parsed = parseSnapshot(this.#place(part), text);
      if (!parsed.ok) {
        logger.error({ part, fault: parsed.fault }, 'snapshot refused; starting with an empty view');
        return false;
      }
      found.push(parsed.value);
    }
    if (found.length === 0) return false;
    let records = 0;
    for (const snapshot of found) {
      this.#state.restore(snapshot.records);
      records += snapshot.records.length;
      if (snapshot.revision > this.#state.revision) this.#state.revision = snapshot.revision;
    }
    logger.info({ revision: String(this.#state.revision), records }, 'snapshot loaded');
    return true;
  }

  /** Writes nothing until {@link resume}: half-read contents are of no use after a restart. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#schedule();
  }

  /** Writes what is not on disk yet: from now on the snapshot may be all there is. */
  flush(): Promise<void> {
    this.#due?.();
    this.#due = undefined;
    if (!this.#isPaused) this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop();
    await this.flush();
    this.#due?.();
  }

  #schedule(): void {
    if (this.#due !== undefined || this.#isPaused || this.#dirty.size === 0) return;
    const delayMs = this.#isRefused ? RETRY_AFTER_MS : Math.max(DEBOUNCE_MS, this.#lastWriteMs * REST_PER_WRITE);
    this.#due = this.#parts.clock.schedule(delayMs, () => {
      void this.flush();
    });
  }

  async #write(): Promise<void> {
    const { documents, clock } = this.#parts;
    const startedAtMs = clock.monotonicMs();
    let refusal: unknown;
    for (const [part, document] of documents.entries()) {
      if (!this.#dirty.delete(part)) continue;
      try {
        const records = this.#state.texts((change) => this.#partOf(change) === part);
        await document.write(formatSnapshot(this.#place(part), this.#state.revision, records));
      } catch (err) {
        this.#dirty.add(part);
        refusal ??= err;
      }
    }
    this.#lastWriteMs = clock.monotonicMs() - startedAtMs;
    this.#noteRefusal(refusal);
    this.#schedule();
  }

  /** One line when it begins and one when it is over. */
  #noteRefusal(refusal: unknown): void {
    const { logger } = this.#parts;
    const wasRefused = this.#isRefused;
    this.#isRefused = refusal !== undefined;
    if (this.#isRefused && !wasRefused) {
      logger.error({ err: refusal }, 'snapshot not written; trying again until the disk takes it');
    }
    if (wasRefused && !this.#isRefused) logger.info({}, 'snapshot is written again');
  }

  #place(part: number): SnapshotPart {
    return { idc: this.#parts.idc, part, parts: this.#parts.documents.length };
  }

  /** The same record is always in the same part: FNV-1a of its identity. */
  #partOf({ kind, id }: ViewChange): number {
    let hash = 0x811c9dc5;
    for (const text of [kind, id]) {
      for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
    }
    return hash % this.#parts.documents.length;
  }
}

/** Leases change with every machine that comes or goes, and the region keeps them in a log of their own. */
function isKeptHere({ kind }: ViewChange): boolean {
  return kind !== 'lease';
}
