import type { DurableDocument, FileFault, WatchedFile, WatchedFiles } from '@rackwright/contracts';
import { sleep, type Clock, type Logger } from '@rackwright/kernel';
import type { Metrics } from '@rackwright/platform';
import type { RegionState } from '../region-view/region-state.js';
import { formatMistake, type FileMistake } from './file-mistake.js';
import type { LocatedMachine } from './located-machine.js';
import { parseMachineFile } from './parse-machine-file.js';
import { parseSiteCopy, formatSiteCopy } from './site-copy.js';
import { SiteMetrics } from './site-metrics.js';
import { emptySite, siteOfMachines } from './site-of-machines.js';

/** Some fifty thousand machines. */
const MAX_SITE_FILE_BYTES = 16 * 1_048_576;
/** Mistakes that one line of the log names. */
const MAX_LOGGED = 10;

export interface SiteFileParts {
  readonly path: string;
  readonly files: WatchedFiles;
  /** The last good contents, for a restart at which the file is bad or gone. */
  readonly copy: DurableDocument;
  readonly state: RegionState;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** Keeps the site data of the view equal to a file; while that is bad or gone, to what it was before. */
export class SiteFile implements AsyncDisposable {
  readonly #parts: SiteFileParts;
  readonly #metrics: SiteMetrics;
  readonly #listed = new Set<string>();
  readonly #onLoaded = new Set<() => void>();
  #watched: WatchedFile | undefined;
  #loading: Promise<void> = Promise.resolve();
  /** Counts what the file was found to be, so that a load that was overtaken stops. */
  #sighting = 0;
  #isLoaded = false;
  #fault: string | undefined;

  private constructor(parts: SiteFileParts) {
    this.#parts = parts;
    this.#metrics = new SiteMetrics(parts.metrics);
    parts.state.useSite(emptySite);
  }

  /** Resolves once the file has been looked at, whatever came of it. */
  static async open(parts: SiteFileParts): Promise<SiteFile> {
    const site = new SiteFile(parts);
    const place = { path: parts.path, maxBytes: MAX_SITE_FILE_BYTES };
    site.#watched = parts.files.watch(place, {
      onContents: (bytes) => {
        site.#takeContents(bytes);
      },
      onFault: (fault) => {
        site.#takeFault(fault);
      },
    });
    await site.#watched.looked;
    await site.#loading;
    if (!site.#isLoaded) await site.#restore();
    return site;
  }

  /** Whether there is anything to serve. */
  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  /** What is wrong with the file as it is now. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** Calls `listener` after every load that changed what is served. */
  onLoaded(listener: () => void): void {
    this.#onLoaded.add(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#sighting += 1;
    await this.#watched?.[Symbol.asyncDispose]();
    await this.#loading;
  }

  #takeContents(bytes: Uint8Array): void {
    this.#sighting += 1;
    const sighting = this.#sighting;
    this.#loading = this.#loading
      .then(() => this.#load(bytes, sighting))
      .catch((err: unknown) => {
        this.#parts.logger.error({ err, file: this.#parts.path }, 'site file not loaded; what was served before stays');
      });
  }

  #takeFault({ code, detail }: FileFault): void {
    this.#sighting += 1;
    this.#refuse(code, [{ line: 1, column: 1, pointer: '', detail }]);
  }

  async #load(bytes: Uint8Array, sighting: number): Promise<void> {
    const { clock, copy, path, logger } = this.#parts;
    const isOvertaken = (): boolean => sighting !== this.#sighting;
    if (isOvertaken()) return;
    const parsed = await parseMachineFile(bytes, { pause: () => sleep(clock, 0) });
    if (isOvertaken()) return;
    if (!parsed.ok) {
      this.#refuse('invalid', parsed.fault);
      return;
    }
    this.#fault = undefined;
    this.#list([]);
    this.#metrics.note('loaded', 0);
    this.#serve(parsed.value);
    logger.info({ file: path, machines: parsed.value.length }, 'site file loaded');
    await copy.write(formatSiteCopy({ path, bytes })).catch((err: unknown) => {
      logger.warn({ err, file: path }, 'copy of the site file not kept');
    });
  }

  #serve(machines: readonly LocatedMachine[]): void {
    this.#isLoaded = true;
    this.#parts.state.useSite(siteOfMachines(machines));
    this.#metrics.serves(machines.length);
    for (const listener of this.#onLoaded) listener();
  }

  async #restore(): Promise<void> {
    const { copy, path, logger } = this.#parts;
    const text = await copy.read().catch((err: unknown) => {
      logger.warn({ err }, 'copy of the site file not read');
      return undefined;
    });
    const bytes = text === undefined ? undefined : parseSiteCopy(path, text);
    if (bytes === undefined || this.#isLoaded) return;
    const parsed = await parseMachineFile(bytes, { pause: () => sleep(this.#parts.clock, 0) });
    // It may have become good meanwhile.
    if (!parsed.ok || this.isLoaded) return;
    this.#serve(parsed.value);
    logger.warn({ file: path, machines: parsed.value.length }, 'serving from the last good copy of the site file');
  }

  #refuse(result: 'invalid' | FileFault['code'], mistakes: readonly FileMistake[]): void {
    const { path, logger } = this.#parts;
    this.#metrics.note(result, mistakes.length);
    this.#list(mistakes);
    const described = mistakes.map((mistake) => `${path}:${formatMistake(mistake)}`);
    this.#fault = described[0];
    const stays = this.#isLoaded ? 'what was served before stays' : 'there is nothing to serve yet';
    logger.error(
      { file: path, count: mistakes.length, mistakes: described.slice(0, MAX_LOGGED) },
      `site file refused; ${stays}`,
    );
  }

  #list(mistakes: readonly FileMistake[]): void {
    const { state, path } = this.#parts;
    for (const key of this.#listed) state.invalid.clear(key);
    this.#listed.clear();
    const byPlace = Map.groupBy(mistakes, ({ line, column }) => `${path}:${line}:${column}`);
    for (const [key, together] of byPlace) {
      this.#listed.add(key);
      const problems = together.map(({ pointer, detail }) => ({ pointer, detail }));
      state.invalid.add(key, BigInt(this.#sighting), problems);
    }
  }
}
