import type { DurableLog, LogRecord } from '@rackwright/contracts';
import { parseKeptFact, type KeptFact } from './fact.js';

interface Entry {
  readonly position: number;
  readonly bytes: number;
}

/** A fact of the journal and where it stands; no fact when the entry cannot be read. */
export interface JournalEntry {
  readonly position: number;
  readonly kept: KeptFact | undefined;
}

/** Facts on disk that etcd does not have yet, up to a limit. */
export class FactJournal {
  readonly #log: DurableLog;
  readonly #maxBytes: number;
  readonly #entries: Entry[] = [];
  #bytes = 0;
  #appending = 0;

  constructor(log: DurableLog, maxBytes: number) {
    this.#log = log;
    this.#maxBytes = maxBytes;
  }

  /** Facts that are on disk or on their way to it. */
  get length(): number {
    return this.#entries.length + this.#appending;
  }

  /** Facts that are on disk. */
  get stored(): number {
    return this.#entries.length;
  }

  get isFull(): boolean {
    return this.#bytes >= this.#maxBytes;
  }

  /** Reads what an earlier process left; to be called once, before anything else. */
  async *restore(): AsyncGenerator<JournalEntry> {
    for await (const record of this.#log.read()) {
      this.#note(record.position, record.payload);
      yield entryOf(record);
    }
  }

  /** Resolves once the fact is durable. */
  async append(kept: KeptFact): Promise<void> {
    const payload = JSON.stringify(kept);
    this.#appending += 1;
    try {
      this.#note(await this.#log.append(payload), payload);
    } finally {
      this.#appending -= 1;
    }
  }

  /** The oldest entries, at most `size` at a time, until all that are on disk have been given out. */
  async *batches(size: number): AsyncGenerator<readonly JournalEntry[]> {
    let batch: JournalEntry[] = [];
    for await (const record of this.#log.read()) {
      batch.push(entryOf(record));
      if (batch.length < size) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  }

  /** Forgets everything up to `position`. */
  async truncate(position: number): Promise<void> {
    await this.#log.truncate(position);
    const kept = this.#entries.findIndex((entry) => entry.position > position);
    const gone = this.#entries.splice(0, kept === -1 ? this.#entries.length : kept);
    this.#bytes -= gone.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  #note(position: number, payload: string): void {
    const bytes = Buffer.byteLength(payload);
    this.#entries.push({ position, bytes });
    this.#bytes += bytes;
  }
}

function entryOf({ position, payload }: LogRecord): JournalEntry {
  return { position, kept: parseKeptFact(payload) };
}
