import type { DurableLog, LogLine, MessageBus } from '@rackwright/contracts';
import {
  backoffMs,
  isRetryable,
  OperationalError,
  sleep,
  type Clock,
  type Logger,
  type Random,
} from '@rackwright/kernel';

/** A machine waits no longer for the bus; its lines are kept on disk then. */
const PUBLISH_WITHIN_MS = 2_000;
/** Journal entries published together. */
const BATCH_SIZE = 32;
const RETRY = { retryMinMs: 200, retryMaxMs: 5_000 } as const;

export interface LogLinesParts {
  readonly bus: MessageBus;
  readonly journal: DurableLog;
  readonly maxEntries: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Brings install log lines to the log stream, by way of the disk while the bus is away. */
export class LogLines implements AsyncDisposable {
  readonly #parts: LogLinesParts;
  readonly #stopped = new AbortController();
  #appending = 0;
  #isBusAway = false;
  #draining: Promise<void> | undefined;

  constructor(parts: LogLinesParts) {
    this.#parts = parts;
  }

  /** Entries on disk that are not in the stream yet. */
  get waiting(): number {
    return this.#parts.journal.length;
  }

  /** Starts publishing what an earlier process left. */
  start(): void {
    if (this.#draining !== undefined || this.#stopped.signal.aborted) return;
    this.#draining = this.#drain().finally(() => {
      this.#draining = undefined;
      if (this.#parts.journal.length > 0) this.start();
    });
  }

  /** Resolves with `false` when there is no room; otherwise once the lines are in the stream or on disk. */
  async publish(lines: readonly LogLine[]): Promise<boolean> {
    if (this.#isBusAway || this.#appending > 0 || this.#parts.journal.length > 0) return this.#keep(lines);
    try {
      await this.#publishInTime(lines);
      return true;
    } catch (error) {
      if (!isRetryable(error)) throw error;
      this.#parts.logger.warn({ err: error }, 'message bus does not answer; keeping log lines on disk');
      this.#isBusAway = true;
      return this.#keep(lines);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.abort(new Error('log lines ended'));
    await this.#draining;
  }

  async #keep(lines: readonly LogLine[]): Promise<boolean> {
    const { journal, maxEntries } = this.#parts;
    if (journal.length >= maxEntries) return false;
    this.#appending += 1;
    try {
      await journal.append(JSON.stringify(lines));
    } finally {
      this.#appending -= 1;
    }
    this.start();
    return true;
  }

  async #drain(): Promise<void> {
    const { journal, clock, random, logger } = this.#parts;
    const { signal } = this.#stopped;
    for (let attempt = 1; journal.length > 0 && !signal.aborted; attempt += 1) {
      try {
        await this.#drainOnce();
        attempt = 0;
      } catch (error) {
        if (!isRetryable(error)) logger.error({ err: error }, 'kept log lines could not be published; trying again');
        await sleep(clock, backoffMs(RETRY, attempt, random), signal).catch(() => undefined);
      }
    }
    if (!signal.aborted) this.#isBusAway = false;
  }

  async #drainOnce(): Promise<void> {
    const { journal } = this.#parts;
    let batch: LogLine[] = [];
    let read = 0;
    for await (const { position, payload } of journal.read()) {
      batch.push(...parseLines(payload));
      read += 1;
      if (read % BATCH_SIZE !== 0 && read < journal.length) continue;
      await this.#publishInTime(batch);
      await journal.truncate(position);
      batch = [];
      if (this.#stopped.signal.aborted) return;
    }
  }

  #publishInTime(lines: readonly LogLine[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = this.#parts.clock.schedule(PUBLISH_WITHIN_MS, () => {
        reject(new OperationalError('the bus did not answer in time', { code: 'bus-unavailable', retryable: true }));
      });
      void this.#parts.bus.publishLogs(lines).then(resolve, reject).finally(cancel);
    });
  }
}

function parseLines(payload: string): readonly LogLine[] {
  return JSON.parse(payload) as readonly LogLine[];
}
