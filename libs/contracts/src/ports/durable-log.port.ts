/** An entry of the log and its position. */
export interface LogRecord {
  /** Ascending from 1 over the life of the log, never reused. */
  readonly position: number;
  readonly payload: string;
}

/**
 * An append-only log on local disk that survives the death of the process (and, with fsync, of the machine).
 * Concurrent appends share one fsync. A torn last record is dropped on open; a damaged one in the middle is
 * skipped, counted in {@link DurableLog.damagedRecords} and reported by the adapter's logger.
 */
export interface DurableLog extends AsyncDisposable {
  /** Resolves with the position once the record is durable. Rejects with `OperationalError` code `disk-failed`. */
  append(payload: string): Promise<number>;
  /** Every record not yet truncated, oldest first. */
  read(): AsyncIterable<LogRecord>;
  /** Forgets every record up to and including `position`; survives restart. */
  truncate(position: number): Promise<void>;
  /** Records not yet truncated. */
  readonly length: number;
  readonly damagedRecords: number;
}

/** A whole document on local disk, replaced atomically (write, fsync, rename, fsync of the directory). */
export interface DurableDocument {
  read(): Promise<string | undefined>;
  /** Rejects with `OperationalError` code `disk-failed`; the old document stays then. */
  write(text: string): Promise<void>;
}
