import { createHash } from 'node:crypto';
import { open, readFile, rename, rm, type FileHandle } from 'node:fs/promises';
import { parseIsoRecord, type IsoRecord } from './iso-record.js';
import { MagicScanner } from './magic-scanner.js';
import { UpstreamError } from './upstream-fault.js';

/** After so much more on disk the record is written again; a crash costs at most this much of a download. */
const CHECKPOINT_BYTES = 16 * 1_048_576;
const SCAN_CHUNK_BYTES = 1_048_576;

interface Waiter {
  readonly end: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** What is on disk already. */
interface Resumed {
  readonly path: string;
  readonly magic: string;
  readonly record: IsoRecord;
  readonly handle: FileHandle;
}

/** What an answer of the upstream says about its content. */
export type ContentFacts = Pick<IsoRecord, 'url' | 'identity' | 'sizeBytes' | 'etag' | 'lastModified'>;

/** One content of an upstream URL on disk: growing while it is fetched, read by any number of machines meanwhile. */
export class IsoContent {
  readonly #path: string;
  readonly #facts: ContentFacts;
  readonly #magic: string;
  readonly #handle: FileHandle;
  readonly #waiters = new Set<Waiter>();
  #scanner: MagicScanner;
  #fetched: number;
  #savedAt: number;
  #isComplete: boolean;
  #readers = 1;
  /** Why no more octets come at present. */
  #failure: { readonly error: unknown } | undefined;

  private constructor(path: string, record: IsoRecord, handle: FileHandle) {
    this.#path = path;
    this.#facts = record;
    this.#magic = record.magic;
    this.#handle = handle;
    this.#scanner = new MagicScanner(record.magic, record);
    this.#fetched = record.fetched;
    this.#savedAt = record.fetched;
    this.#isComplete = record.isComplete;
  }

  /** Begins an empty one. `path` is that of the octets; the record goes beside it. */
  static async create(path: string, facts: ContentFacts, magic: string): Promise<IsoContent> {
    const record = { ...facts, magic, fetched: 0, decidedTo: 0, offsets: [], isComplete: false };
    const content = new IsoContent(path, record, await open(path, 'w+'));
    try {
      await content.#save();
    } catch (error) {
      await content.release();
      throw error;
    }
    return content;
  }

  /** Takes up what an earlier run left on disk; `undefined` when there is nothing usable. */
  static async load(path: string, magic: string): Promise<IsoContent | undefined> {
    const record = parseIsoRecord(await readFile(recordPath(path), 'utf8').catch(() => ''));
    const handle = record === undefined ? undefined : await open(path, 'r+').catch(() => undefined);
    if (record === undefined || handle === undefined) return undefined;
    let content: IsoContent | undefined;
    try {
      const { size } = await handle.stat();
      if (size >= record.fetched) content = await IsoContent.#resume({ path, magic, record, handle });
    } finally {
      if (content === undefined) await handle.close();
    }
    return content;
  }

  static async #resume({ path, magic, record, handle }: Resumed): Promise<IsoContent> {
    const known = record.magic === magic ? record : { ...record, magic, decidedTo: 0, offsets: [] };
    const content = new IsoContent(path, known, handle);
    await handle.truncate(record.fetched);
    await content.#scanFrom(known.decidedTo);
    return content;
  }

  get facts(): ContentFacts {
    return this.#facts;
  }

  get fetched(): number {
    return this.#fetched;
  }

  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Whether any machine reads it. */
  get isRead(): boolean {
    return this.#readers > 1;
  }

  /** Places of the magic found so far: all of those before {@link usableTo}. */
  get offsets(): readonly number[] {
    return this.#scanner.offsets;
  }

  /** Up to here octets may be given out: they are on disk, and it is known which of them are magic. */
  get usableTo(): number {
    return this.#isComplete ? this.#facts.sizeBytes : this.#scanner.decidedTo;
  }

  /** Adds octets as they come; rejects more than there should be. */
  async append(octets: Uint8Array): Promise<void> {
    if (this.#fetched + octets.length > this.#facts.sizeBytes) {
      throw new UpstreamError('upstream-changed', 'the upstream sends more than it said', { isPassing: true });
    }
    this.#failure = undefined;
    try {
      await writeAll(this.#handle, octets, this.#fetched);
      this.#fetched += octets.length;
      this.#scanner.push(octets);
      if (this.#fetched - this.#savedAt >= CHECKPOINT_BYTES) await this.#save();
    } catch (cause) {
      throw new UpstreamError('cache-failed', 'the disk does not take the image', { isPassing: true, cause });
    }
    this.#tell();
  }

  /** Everything is there. */
  async complete(): Promise<void> {
    this.#isComplete = true;
    await this.#save();
    this.#tell();
  }

  /** Writes down how far it is, so that another run goes on from here. Those who wait get `error` in any case. */
  async suspend(error: unknown): Promise<void> {
    try {
      if (!this.#isComplete) await this.#save();
    } finally {
      this.fail(error);
    }
  }

  /** Those who wait get `error`, until more octets come. */
  fail(error: unknown): void {
    this.#failure = { error };
    for (const waiter of this.#waiters) waiter.reject(error);
    this.#waiters.clear();
  }

  /** Resolves when octets up to `end` are usable; rejects when they will not be. */
  waitFor(end: number): Promise<void> {
    if (this.usableTo >= end) return Promise.resolve();
    if (this.#failure !== undefined) return Promise.reject(asError(this.#failure.error));
    return new Promise((resolve, reject) => {
      this.#waiters.add({ end, resolve, reject });
    });
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    const { bytesRead } = await this.#handle.read(target, 0, target.length, position);
    return bytesRead;
  }

  async digest(): Promise<string> {
    const hash = createHash('sha256');
    for await (const chunk of this.#chunksFrom(0)) hash.update(chunk);
    return hash.digest('hex');
  }

  /** Another reader; every one calls {@link release} once. */
  retain(): void {
    this.#readers += 1;
  }

  async release(): Promise<void> {
    this.#readers -= 1;
    if (this.#readers === 0) await this.#handle.close();
  }

  /** Takes it off the disk; those who read it may read on. */
  async remove(): Promise<void> {
    await rm(recordPath(this.#path), { force: true });
    await rm(this.#path, { force: true });
    await this.release();
  }

  async #save(): Promise<void> {
    await this.#handle.datasync();
    const { decidedTo, offsets } = this.#scanner;
    const state = { fetched: this.#fetched, decidedTo, offsets, isComplete: this.#isComplete };
    const record: IsoRecord = { ...this.#facts, magic: this.#magic, ...state };
    const temporary = `${recordPath(this.#path)}.tmp`;
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(JSON.stringify(record));
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(temporary, recordPath(this.#path));
    this.#savedAt = this.#fetched;
  }

  async #scanFrom(position: number): Promise<void> {
    for await (const chunk of this.#chunksFrom(position)) this.#scanner.push(chunk);
  }

  async *#chunksFrom(position: number): AsyncGenerator<Buffer> {
    const chunk = Buffer.allocUnsafe(SCAN_CHUNK_BYTES);
    for (let at = position; at < this.#fetched;) {
      const { bytesRead } = await this.#handle.read(chunk, 0, Math.min(chunk.length, this.#fetched - at), at);
      if (bytesRead === 0) return;
      at += bytesRead;
      yield chunk.subarray(0, bytesRead);
    }
  }

  #tell(): void {
    for (const waiter of this.#waiters) {
      if (this.usableTo < waiter.end) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error('the image is not fetched any further', { cause: error });
}

export function recordPath(path: string): string {
  return `${path}.json`;
}

async function writeAll(handle: FileHandle, octets: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < octets.length;) {
    const { bytesWritten } = await handle.write(octets, done, octets.length - done, position + done);
    done += bytesWritten;
  }
}
