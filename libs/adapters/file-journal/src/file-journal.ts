import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DurableLog, LogRecord } from '@rackwright/contracts';
import { OperationalError, type Logger } from '@rackwright/kernel';
import { AppendQueue } from './append-queue.js';
import { diskFailed } from './disk-failure.js';
import { encodeEntry, type JournalEntry } from './journal-line.js';
import { acquireLock, type HeldLock } from './lock-file.js';
import { deleteSegment, OpenSegment, readSegment, segmentAt, segmentsAmong, syncDirectory } from './segment.js';
import { replaySegments, type Replay } from './replay-segments.js';

/** Where a journal lives. */
export interface FileJournalOptions {
  /** Created when absent; holds nothing else. */
  readonly directory: string;
  readonly logger: Logger;
  /** A segment this large is closed and a new one begun; default 4 MiB. */
  readonly segmentBytes?: number;
}

/** Records are single documents of the product; the largest (a task with its log tail) is far below. */
const MAX_PAYLOAD_CHARS = 8 * 1_048_576;
const DEFAULT_SEGMENT_BYTES = 4 * 1_048_576;
/** A fully truncated segment smaller than this is kept: deleting it would cost more than it frees. */
const WORTH_DELETING_BYTES = 65_536;

/** An append-only log in a directory of segment files. */
export class FileJournal implements DurableLog {
  readonly damagedRecords: number;
  readonly #directory: string;
  readonly #segmentBytes: number;
  readonly #logger: Logger;
  readonly #lock: HeldLock;
  readonly #queue = new AppendQueue<JournalEntry>((entries) => this.#write(entries));
  readonly #segments: Replay['segments'];
  /** Positions of the records not yet truncated, ascending. */
  #live: number[];
  #active: OpenSegment;
  #nextPosition: number;
  #lastWritten: number;
  #forgotten: number;
  #isClosed = false;

  private constructor(options: FileJournalOptions, lock: HeldLock, replay: Replay & { readonly active: OpenSegment }) {
    this.#directory = options.directory;
    this.#segmentBytes = options.segmentBytes ?? DEFAULT_SEGMENT_BYTES;
    this.#logger = options.logger;
    this.#lock = lock;
    this.#segments = replay.segments;
    this.#active = replay.active;
    this.#live = replay.live;
    this.#nextPosition = replay.nextPosition;
    this.#lastWritten = replay.nextPosition - 1;
    this.#forgotten = replay.forgotten;
    this.damagedRecords = replay.damaged;
  }

  /** Opens or creates the journal of a directory; rejects with `journal-locked` while another process has it open. */
  static async open(options: FileJournalOptions): Promise<FileJournal> {
    const { directory, logger } = options;
    await mkdir(directory, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
      throw diskFailed(`cannot create ${directory}`, error);
    });
    const lock = acquireLock(join(directory, 'lock'));
    try {
      const replay = await replaySegments(segmentsAmong(directory, await readdir(directory)));
      const last = replay.last ?? segmentAt(directory, replay.nextPosition);
      const active = await OpenSegment.open(last, replay.lastSoundBytes);
      if (replay.last === undefined) await syncDirectory(directory);
      if (replay.damaged > 0)
        logger.error({ directory, damaged: replay.damaged }, 'journal records are damaged and skipped');
      return new FileJournal(options, lock, { ...replay, active });
    } catch (error) {
      lock.release();
      throw error instanceof OperationalError ? error : diskFailed(`cannot open ${directory}`, error);
    }
  }

  get length(): number {
    return this.#live.length;
  }

  async append(payload: string): Promise<number> {
    this.#assertOpen();
    if (payload.length > MAX_PAYLOAD_CHARS)
      throw new RangeError(`a record of ${payload.length} characters is too large`);
    const position = this.#nextPosition;
    this.#nextPosition += 1;
    await this.#queue.push({ kind: 'record', position, payload });
    return position;
  }

  async *read(): AsyncGenerator<LogRecord> {
    this.#assertOpen();
    await this.#queue.idle();
    const live = new Set(this.#live);
    for (const segment of [...this.#segments, this.#active]) {
      for (const entry of (await readSegment(segment)).entries) {
        const isWanted = live.has(entry.position) && entry.position > this.#forgotten;
        if (entry.kind === 'record' && isWanted) yield { position: entry.position, payload: entry.payload };
      }
    }
  }

  async truncate(position: number): Promise<void> {
    this.#assertOpen();
    const upTo = Math.min(position, this.#nextPosition - 1);
    if (upTo <= this.#forgotten) return;
    await this.#queue.push({ kind: 'truncation', position: upTo });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#queue.idle();
    await this.#active.close();
    this.#lock.release();
  }

  async #write(entries: readonly JournalEntry[]): Promise<void> {
    const truncatedUpTo = Math.max(0, ...positionsOf(entries, 'truncation'));
    // Whole files first: freeing space must work on a full disk.
    if (truncatedUpTo > 0) await this.#deleteSegmentsUpTo(truncatedUpTo);
    if (this.#active.size >= this.#segmentBytes) await this.#rotate();
    await this.#active.append(Buffer.concat(entries.map(encodeEntry)));
    const written = positionsOf(entries, 'record');
    this.#live.push(...written);
    this.#lastWritten = Math.max(this.#lastWritten, ...written);
    if (truncatedUpTo > 0) {
      this.#forget(truncatedUpTo);
      await this.#dropEmptySegment();
    }
  }

  #forget(upTo: number): void {
    this.#forgotten = Math.max(this.#forgotten, upTo);
    const firstKept = this.#live.findIndex((position) => position > this.#forgotten);
    this.#live = firstKept === -1 ? [] : this.#live.slice(firstKept);
  }

  /** Frees the space of a segment none of whose records is wanted any more. A failure costs nothing but that space. */
  async #dropEmptySegment(): Promise<void> {
    if (this.#live.length > 0 || this.#active.size < WORTH_DELETING_BYTES) return;
    try {
      await this.#rotate();
      await this.#deleteSegmentsUpTo(this.#forgotten);
    } catch (error) {
      this.#logger.warn({ err: error, directory: this.#directory }, 'journal space could not be freed');
    }
  }

  /** Begins a new segment; its name keeps the position even if everything before it is deleted. */
  async #rotate(): Promise<void> {
    const previous = this.#active;
    const firstPosition = Math.max(this.#lastWritten, this.#forgotten) + 1;
    try {
      this.#active = await OpenSegment.open(segmentAt(this.#directory, firstPosition), 0);
      this.#segments.push({ path: previous.path, firstPosition: previous.firstPosition });
      await previous.close();
      await syncDirectory(this.#directory);
    } catch (error) {
      throw diskFailed(`cannot begin a segment in ${this.#directory}`, error);
    }
  }

  /** Deletes the closed segments all of whose records are at or before `upTo`. */
  async #deleteSegmentsUpTo(upTo: number): Promise<void> {
    for (let oldest = this.#segments[0]; oldest !== undefined; oldest = this.#segments[0]) {
      const next = this.#segments[1] ?? this.#active;
      if (next.firstPosition > upTo + 1) return;
      await deleteSegment(oldest);
      this.#segments.shift();
      this.#forget(next.firstPosition - 1);
    }
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new OperationalError('the journal is closed', { code: 'disk-failed', retryable: false });
  }
}

function positionsOf(entries: readonly JournalEntry[], kind: JournalEntry['kind']): readonly number[] {
  return entries.filter((entry) => entry.kind === kind).map(({ position }) => position);
}
