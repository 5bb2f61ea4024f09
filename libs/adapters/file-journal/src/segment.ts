import { open, readFile, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { diskFailed, isAbsent } from './disk-failure.js';
import { scanSegment, type SegmentScan } from './journal-line.js';

const NAME = /^(\d{16})\.log$/;
const DIGITS = 16;

/** A closed or open piece of the log, named after the first position it may hold. */
export interface SegmentName {
  readonly path: string;
  readonly firstPosition: number;
}

/** The segment that starts at `firstPosition`. */
export function segmentAt(directory: string, firstPosition: number): SegmentName {
  return { path: join(directory, `${String(firstPosition).padStart(DIGITS, '0')}.log`), firstPosition };
}

/** The segments among the files of a directory, oldest first. */
export function segmentsAmong(directory: string, files: readonly string[]): readonly SegmentName[] {
  return files
    .map((file) => NAME.exec(file)?.[1])
    .filter((digits) => digits !== undefined)
    .map((digits) => segmentAt(directory, Number(digits)))
    .sort((a, b) => a.firstPosition - b.firstPosition);
}

/** Reads a segment; an absent one (deleted by a truncation meanwhile) is empty. */
export async function readSegment(segment: SegmentName): Promise<SegmentScan> {
  try {
    return scanSegment(await readFile(segment.path));
  } catch (error) {
    if (isAbsent(error)) return { entries: [], damaged: 0, soundBytes: 0 };
    throw diskFailed(`cannot read ${segment.path}`, error);
  }
}

export async function deleteSegment(segment: SegmentName): Promise<void> {
  await unlink(segment.path).catch((error: unknown) => {
    if (!isAbsent(error)) throw diskFailed(`cannot delete ${segment.path}`, error);
  });
}

/** Makes the creation and deletion of files in a directory durable. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The segment records are appended to. After a failed append its file is as it was before. */
export class OpenSegment implements SegmentName {
  readonly path: string;
  readonly firstPosition: number;
  readonly #handle: FileHandle;
  #size: number;
  /** Octets past `#size` may exist: left by a failed write that could not be undone yet. */
  #isRagged = false;

  private constructor(name: SegmentName, handle: FileHandle, size: number) {
    this.path = name.path;
    this.firstPosition = name.firstPosition;
    this.#handle = handle;
    this.#size = size;
  }

  /** Opens a segment for appending after its first `soundBytes` octets; the rest is cut off. */
  static async open(name: SegmentName, soundBytes: number): Promise<OpenSegment> {
    const handle = await open(name.path, 'a+', 0o600);
    try {
      if ((await handle.stat()).size > soundBytes) {
        await handle.truncate(soundBytes);
        await handle.datasync();
      }
      return new OpenSegment(name, handle, soundBytes);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  get size(): number {
    return this.#size;
  }

  /** Appends and makes durable; all or nothing. */
  async append(octets: Buffer): Promise<void> {
    try {
      if (this.#isRagged) await this.#cutBack();
      this.#isRagged = true;
      for (let written = 0; written < octets.length;) {
        written += (await this.#handle.write(octets, written)).bytesWritten;
      }
      await this.#handle.datasync();
      this.#size += octets.length;
      this.#isRagged = false;
    } catch (error) {
      // What could not be cut back now is cut back before the next append, or on open.
      if (this.#isRagged) await this.#cutBack().catch(() => undefined);
      throw diskFailed(`cannot append to ${this.path}`, error);
    }
  }

  async #cutBack(): Promise<void> {
    await this.#handle.truncate(this.#size);
    await this.#handle.datasync();
    this.#isRagged = false;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
