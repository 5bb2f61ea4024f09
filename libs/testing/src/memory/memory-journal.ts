import type { DurableDocument, DurableLog, LogRecord } from '@rackwright/contracts';
import { OperationalError } from '@rackwright/kernel';

/** What outlives a {@link MemoryJournal}: reopen with the same disk to see a restart. */
export class MemoryDisk {
  readonly records = new Map<number, string>();
  nextPosition = 1;
  forgotten = 0;
  documentText: string | undefined;
  /** Makes every write fail, as a full disk does. */
  isFull = false;
  /** Records lost to damage, as the next journal opened on this disk reports them. */
  damaged = 0;

  assertWritable(): void {
    if (this.isFull) throw new OperationalError('no space left', { code: 'disk-failed', retryable: true });
  }
}

/** A {@link DurableLog} in memory. */
export class MemoryJournal implements DurableLog {
  readonly damagedRecords: number;
  readonly #disk: MemoryDisk;
  #isClosed = false;

  constructor(disk: MemoryDisk = new MemoryDisk()) {
    this.#disk = disk;
    this.damagedRecords = disk.damaged;
  }

  get length(): number {
    return this.#disk.records.size;
  }

  async append(payload: string): Promise<number> {
    this.#assertOpen();
    this.#disk.assertWritable();
    const position = this.#disk.nextPosition;
    this.#disk.nextPosition += 1;
    this.#disk.records.set(position, payload);
    // Durable only after a turn, as on a real disk: nobody may rely on more.
    await Promise.resolve();
    return position;
  }

  async *read(): AsyncGenerator<LogRecord> {
    this.#assertOpen();
    for (const [position, payload] of [...this.#disk.records]) {
      await Promise.resolve();
      if (position > this.#disk.forgotten) yield { position, payload };
    }
  }

  async truncate(position: number): Promise<void> {
    this.#assertOpen();
    this.#disk.assertWritable();
    this.#disk.forgotten = Math.max(this.#disk.forgotten, Math.min(position, this.#disk.nextPosition - 1));
    for (const taken of this.#disk.records.keys()) if (taken <= this.#disk.forgotten) this.#disk.records.delete(taken);
    await Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await Promise.resolve();
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new OperationalError('the journal is closed', { code: 'disk-failed', retryable: false });
  }
}

/** A {@link DurableDocument} in memory. */
export class MemoryDocument implements DurableDocument {
  readonly #disk: MemoryDisk;

  constructor(disk: MemoryDisk = new MemoryDisk()) {
    this.#disk = disk;
  }

  async read(): Promise<string | undefined> {
    await Promise.resolve();
    return this.#disk.documentText;
  }

  async write(text: string): Promise<void> {
    await Promise.resolve();
    this.#disk.assertWritable();
    this.#disk.documentText = text;
  }
}
