import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { backoffMs, sleep, type Clock, type Logger, type Random } from '@rackwright/kernel';
import { IsoContent, type ContentFacts } from './iso-content.js';
import { fetchIso } from './iso-download.js';
import type { IsoUpstream } from './iso-upstream.js';
import type { UpstreamClient } from './upstream-client.js';
import { UpstreamError } from './upstream-fault.js';

export interface IsoSourceParts {
  readonly upstream: IsoUpstream;
  readonly directory: string;
  readonly client: UpstreamClient;
  readonly magic: string;
  readonly maxBytes: number;
  readonly revalidateMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Frees disk space for so many octets more; rejects with `UpstreamError` when there is none. */
  readonly makeRoom: (octets: number) => Promise<void>;
  readonly onOctets: (octets: number) => void;
  readonly onFailure: (code: string) => void;
}

/** Tries of one download that brought nothing further, before machines are told that it failed. */
const MAX_FRUITLESS_TRIES = 3;
const RETRY = { retryMinMs: 200, retryMaxMs: 5_000 } as const;
/** After a failure the upstream is left alone this long. */
const FAILURE_PAUSE_MS = 5_000;
const KEY_DIGITS = 24;

/** An upstream image: fetched once, by one download at a time, kept on disk, asked now and then whether it changed. */
export class IsoSource implements AsyncDisposable {
  readonly #parts: IsoSourceParts;
  readonly #stopping = new AbortController();
  /** What machines are given; complete, or being fetched for the first time. */
  #content: IsoContent | undefined;
  /** What replaces {@link #content} when it is complete. */
  #next: IsoContent | undefined;
  #loading: Promise<void> | undefined;
  #running: Promise<void> | undefined;
  #failure: { readonly error: UpstreamError; readonly untilMs: number } | undefined;
  #begun = Promise.withResolvers<undefined>();
  #checkedAtMs = -Infinity;
  #usedAtMs = 0;
  /** The file that the newest content is in. */
  #slot: string | undefined;

  constructor(parts: IsoSourceParts) {
    this.#parts = parts;
    this.#lose();
  }

  /** When a machine last asked for it, on the monotonic clock. */
  get usedAtMs(): number {
    return this.#usedAtMs;
  }

  /** Octets on disk, or promised to be. */
  get occupiedBytes(): number {
    return [this.#content, this.#next].reduce((sum, content) => sum + (content?.facts.sizeBytes ?? 0), 0);
  }

  /** Names of the files that belong to it. */
  get fileNames(): readonly string[] {
    return ['a', 'b'].map((slot) => this.#nameOf(slot));
  }

  /** The content for one machine, at least begun; the caller releases it. Rejects with `UpstreamError`. */
  async open(): Promise<IsoContent> {
    this.#usedAtMs = this.#parts.clock.monotonicMs();
    await this.load();
    this.#wake();
    if (this.#content === undefined) await this.#begun.promise;
    const content = this.#content;
    if (content === undefined)
      throw new UpstreamError('upstream-unreachable', 'nothing was fetched', { isPassing: true });
    content.retain();
    if (this.#parts.upstream.sha256 === undefined || content.isComplete) return content;
    // Nothing of an image with a digest is given out before all of it is checked.
    try {
      await content.waitFor(content.facts.sizeBytes);
      return content;
    } catch (error) {
      await content.release();
      throw error;
    }
  }

  /** Takes up what is on disk; safe to repeat, also after it was rejected. */
  load(): Promise<void> {
    this.#loading ??= this.#load().catch((cause: unknown) => {
      this.#loading = undefined;
      throw failedCache(cause);
    });
    return this.#loading;
  }

  /** Gives back the disk space of a complete image that nobody reads. */
  async evict(): Promise<boolean> {
    const content = this.#content;
    if (content === undefined || this.#running !== undefined || content.isRead) return false;
    this.#lose();
    await content.remove();
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(new UpstreamError('upstream-unreachable', 'the region is stopping', { isPassing: true }));
    await this.#running;
    await this.#loading?.catch(() => undefined);
    await this.#content?.release();
    this.#content = undefined;
  }

  async #load(): Promise<void> {
    for (const slot of this.fileNames) {
      if (slot === this.#slot) continue;
      const path = join(this.#parts.directory, slot);
      const content = await IsoContent.load(path, this.#parts.magic);
      if (content === undefined) continue;
      const isOurs = content.facts.url === this.#parts.upstream.url;
      const isBetter = this.#content === undefined || (content.isComplete && !this.#content.isComplete);
      if (!isOurs || !isBetter) {
        await content.remove();
        continue;
      }
      await this.#content?.remove();
      this.#content = content;
      this.#slot = slot;
    }
  }

  /** Starts what is due: the first download, its continuation, or the question whether something changed. */
  #wake(): void {
    const now = this.#parts.clock.monotonicMs();
    const isComplete = this.#content?.isComplete === true;
    if (this.#running !== undefined || (isComplete && !this.#isCheckDue(now))) return;
    if (this.#failure !== undefined && now < this.#failure.untilMs) {
      if (!isComplete) throw this.#failure.error;
      return;
    }
    this.#failure = undefined;
    if (this.#content === undefined) this.#lose();
    this.#running = this.#fetch().finally(() => {
      this.#running = undefined;
    });
  }

  #isCheckDue(now: number): boolean {
    return this.#mayChange && now - this.#checkedAtMs >= this.#parts.revalidateMs;
  }

  async #fetch(): Promise<void> {
    const { clock, random } = this.#parts;
    const { signal } = this.#stopping;
    for (let tries = 1; ; tries += 1) {
      const before = this.#fetched;
      const error = await this.#try();
      if (error === undefined) return;
      if (this.#fetched > before) tries = 1;
      if (!error.retryable || tries >= MAX_FRUITLESS_TRIES || signal.aborted) {
        await this.#fail(error);
        return;
      }
      await sleep(clock, backoffMs(RETRY, tries, random), signal).catch(() => undefined);
    }
  }

  async #try(): Promise<UpstreamError | undefined> {
    const { logger, upstream, onFailure } = this.#parts;
    try {
      await this.#fetchOnce();
      return undefined;
    } catch (cause) {
      const error = cause instanceof UpstreamError ? cause : failedCache(cause);
      logger.warn({ err: error, iso: upstream.name, fetched: this.#fetched }, 'ISO not fetched');
      onFailure(error.code);
      await this.#forgetUnusable(error);
      return error;
    }
  }

  get #fetched(): number {
    return this.#content?.fetched ?? 0;
  }

  async #fetchOnce(): Promise<void> {
    const { clock, logger, upstream } = this.#parts;
    const parts = { ...this.#parts, begin: (facts: ContentFacts) => this.#begin(facts) };
    const outcome = await fetchIso(parts, this.#content, this.#stopping.signal);
    this.#checkedAtMs = clock.monotonicMs();
    if (outcome.kind === 'unchanged') return;
    const { content } = outcome;
    logger.info({ iso: upstream.name, octets: content.facts.sizeBytes, magics: content.offsets.length }, 'ISO fetched');
    if (content === this.#next) {
      const old = this.#content;
      this.#content = content;
      this.#next = undefined;
      await old?.remove();
    }
  }

  async #begin(facts: ContentFacts): Promise<IsoContent> {
    const { directory, magic, makeRoom } = this.#parts;
    await this.#dropNext();
    const old = this.#content;
    if (old !== undefined && !old.isComplete) {
      old.fail(new UpstreamError('upstream-changed', 'the upstream has another image now', { isPassing: true }));
      this.#lose();
      await old.remove();
    }
    await makeRoom(facts.sizeBytes);
    const slot = this.fileNames.find((name) => name !== this.#slot) ?? this.#nameOf('a');
    const content = await IsoContent.create(join(directory, slot), facts, magic);
    this.#slot = slot;
    if (this.#content === undefined) {
      this.#content = content;
      this.#begun.resolve(undefined);
    } else {
      this.#next = content;
    }
    return content;
  }

  /** What was wrong from its beginning is not continued. */
  async #forgetUnusable({ code }: UpstreamError): Promise<void> {
    await this.#dropNext();
    const content = this.#content;
    if (content === undefined || content.isComplete) return;
    if (code !== 'upstream-digest-mismatch' && code !== 'upstream-changed') return;
    content.fail(new UpstreamError(code, 'the image is of no use'));
    this.#lose();
    await content.remove();
  }

  async #dropNext(): Promise<void> {
    const next = this.#next;
    this.#next = undefined;
    await next?.remove();
  }

  async #fail(error: UpstreamError): Promise<void> {
    const { clock, logger } = this.#parts;
    this.#failure = { error, untilMs: clock.monotonicMs() + FAILURE_PAUSE_MS };
    this.#begun.reject(error);
    await this.#content?.suspend(error).catch((err: unknown) => {
      logger.error({ err }, 'how far an ISO was fetched could not be written down');
    });
  }

  /** There is nothing to give out; whoever asks waits for the next beginning. */
  #lose(): void {
    this.#content = undefined;
    this.#begun = Promise.withResolvers();
    this.#begun.promise.catch(() => undefined);
  }

  /** Whether the upstream can be asked for changes without sending everything again. */
  get #mayChange(): boolean {
    const facts = this.#content?.facts;
    return this.#parts.upstream.sha256 === undefined && (facts?.etag ?? facts?.lastModified) !== undefined;
  }

  #nameOf(slot: string): string {
    const key = createHash('sha256').update(this.#parts.upstream.url).digest('hex').slice(0, KEY_DIGITS);
    return `${key}.${slot}.iso`;
  }
}

function failedCache(cause: unknown): UpstreamError {
  return new UpstreamError('cache-failed', 'the cache of images failed', { isPassing: true, cause });
}
