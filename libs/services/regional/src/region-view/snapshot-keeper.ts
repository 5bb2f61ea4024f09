import type { DurableDocument } from '@rackwright/contracts';
import type { Cancel, Clock, Idc, Logger } from '@rackwright/kernel';
import type { RegionState } from './region-state.js';
import { formatSnapshot, parseSnapshot } from './snapshot.js';

/** A change is on disk this long after it happened, unless writing takes long. */
const DEBOUNCE_MS = 250;
/** A large view is written less often: at most one tenth of the time goes into it. */
const REST_PER_WRITE = 10;

export interface SnapshotKeeperParts {
  readonly idc: Idc;
  readonly document: DurableDocument;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Keeps the view on disk, so that a region restarted while etcd is away knows what it knew. */
export class SnapshotKeeper implements AsyncDisposable {
  readonly #parts: SnapshotKeeperParts;
  readonly #state: RegionState;
  readonly #stop: () => void;
  #due: Cancel | undefined;
  #writing: Promise<void> | undefined;
  #isDirty = false;
  #lastWriteMs = 0;

  constructor(state: RegionState, parts: SnapshotKeeperParts) {
    this.#state = state;
    this.#parts = parts;
    this.#stop = state.onChange(() => {
      this.#touch();
    });
  }

  /** Fills the view from disk; `false` when there is no usable snapshot. */
  async load(): Promise<boolean> {
    const { document, idc, logger } = this.#parts;
    const text = await document.read();
    if (text === undefined) return false;
    const parsed = parseSnapshot(idc, text);
    if (!parsed.ok) {
      logger.error({ fault: parsed.fault }, 'snapshot refused; starting with an empty view');
      return false;
    }
    this.#state.restore(parsed.value.records);
    this.#state.revision = parsed.value.revision;
    const { revision, records } = parsed.value;
    logger.info({ revision: String(revision), records: records.length }, 'snapshot loaded');
    return true;
  }

  /** Writes what is not on disk yet: from now on the snapshot may be all there is. */
  async flush(): Promise<void> {
    await this.#writing;
    if (this.#isDirty) await this.#write();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop();
    this.#due?.();
    await this.flush();
  }

  #touch(): void {
    this.#isDirty = true;
    if (this.#due !== undefined || this.#writing !== undefined) return;
    const delayMs = Math.max(DEBOUNCE_MS, this.#lastWriteMs * REST_PER_WRITE);
    this.#due = this.#parts.clock.schedule(delayMs, () => {
      this.#due = undefined;
      this.#writing = this.#write().finally(() => {
        this.#writing = undefined;
        if (this.#isDirty) this.#touch();
      });
    });
  }

  async #write(): Promise<void> {
    const { idc, document, clock, logger } = this.#parts;
    const startedAtMs = clock.monotonicMs();
    this.#isDirty = false;
    try {
      await document.write(formatSnapshot(idc, this.#state.revision, this.#state.texts()));
    } catch (err) {
      this.#isDirty = true;
      logger.error({ err }, 'snapshot not written');
    }
    this.#lastWriteMs = clock.monotonicMs() - startedAtMs;
  }
}
