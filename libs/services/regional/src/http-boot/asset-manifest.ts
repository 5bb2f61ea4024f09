import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cancel, Clock, Logger } from '@rackwright/kernel';
import { defineGauge, type GaugeMetric, type Metrics } from '@rackwright/platform';
import { fingerprintOf, type Fingerprint } from './file-fingerprint.js';
import { parseManifest, type ManifestEntry } from './parse-manifest.js';

const assetsGauge = defineGauge({
  name: 'rw_boot_assets',
  help: 'Files of the manifest of the asset directory, by whether they are what it says.',
  labels: ['state'],
});

/** The file in the asset directory that says what belongs in it. */
const MANIFEST_NAME = 'manifest.json';

const STATES = ['verified', 'mismatch', 'missing', 'unchecked'] as const;
/** What is known of a file of the manifest. */
export type AssetState = (typeof STATES)[number];

/** Between two looks at the files when nobody asks for them. */
const CHECK_PAUSE_MS = 30_000;
/** A changed manifest is noticed by a request at most this much later. */
const MANIFEST_AGE_MS = 1_000;
const HASH_CHUNK_BYTES = 1_048_576;

export interface AssetManifestParts {
  readonly root: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

interface Checked {
  readonly fingerprint: string;
  readonly state: AssetState;
}

/** The digests of boot files, checked when the region starts, when a file changes and before one is given out. */
export class AssetManifest implements Disposable {
  readonly #parts: AssetManifestParts;
  readonly #gauge: GaugeMetric<'state'>;
  readonly #checked = new Map<string, Checked>();
  readonly #checking = new Map<string, Promise<AssetState>>();
  #entries: ReadonlyMap<string, ManifestEntry> = new Map();
  #readAs: string | undefined;
  #readAtMs = -Infinity;
  #reading: Promise<void> | undefined;
  #cancel: Cancel = () => undefined;
  /** Changes when it is started or disposed of, which ends earlier rounds. */
  #run = 0;

  constructor(parts: AssetManifestParts) {
    this.#parts = parts;
    this.#gauge = parts.metrics.gauge(assetsGauge);
  }

  /**
   * Checks every file, and from now on again and again. Nothing need wait for it, which can take minutes: a file is
   * checked before it is given out.
   */
  async start(): Promise<void> {
    this.#cancel();
    this.#run += 1;
    await this.#checkAgainAndAgain(this.#run);
  }

  [Symbol.dispose](): void {
    this.#run += 1;
    this.#cancel();
  }

  async #checkAgainAndAgain(run: number): Promise<void> {
    const { clock, logger } = this.#parts;
    try {
      await this.checkAll();
    } catch (error) {
      logger.error({ err: error }, 'boot files could not be checked');
    }
    if (run !== this.#run) return;
    this.#cancel = clock.schedule(CHECK_PAUSE_MS, () => void this.#checkAgainAndAgain(run));
  }

  entryOf(name: string): ManifestEntry | undefined {
    return this.#entries.get(name);
  }

  /** `undefined` for a file that the manifest does not list. */
  stateOf(name: string): AssetState | undefined {
    if (!this.#entries.has(name)) return undefined;
    return this.#checked.get(name)?.state ?? 'unchecked';
  }

  /** Reads the manifest again if it changed, and looks at all its files. */
  async checkAll(): Promise<void> {
    this.#readAtMs = -Infinity;
    await this.#refresh();
    for (const name of this.#entries.keys()) await this.#checkByName(name);
    this.#report();
  }

  /** Whether an open file may be given out: it is not listed, or is what the manifest says. */
  async admits(name: string, handle: FileHandle, fingerprint: Fingerprint): Promise<boolean> {
    await this.#refresh();
    const entry = this.#entries.get(name);
    return entry === undefined || (await this.#check(entry, handle, fingerprint)) === 'verified';
  }

  async #checkByName(name: string): Promise<void> {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    let handle: FileHandle;
    try {
      handle = await open(join(this.#parts.root, name), 'r');
    } catch (error) {
      this.#note(entry, { fingerprint: '', state: 'missing' }, error);
      return;
    }
    try {
      await this.#check(entry, handle, fingerprintOf(await handle.stat({ bigint: true })));
    } finally {
      await handle.close();
    }
  }

  async #check(entry: ManifestEntry, handle: FileHandle, { text, sizeBytes }: Fingerprint): Promise<AssetState> {
    const known = this.#checked.get(entry.name);
    const fingerprint = `${entry.sha256} ${text}`;
    if (known?.fingerprint === fingerprint) return known.state;
    const running = this.#checking.get(fingerprint);
    if (running !== undefined) return running;
    const checking = sizeBytes === entry.size ? isDigest(handle, entry.sha256) : Promise.resolve(false);
    const noted = checking
      .then((isSame): AssetState => {
        const state = isSame ? 'verified' : 'mismatch';
        this.#note(entry, { fingerprint, state });
        return state;
      })
      .finally(() => this.#checking.delete(fingerprint));
    this.#checking.set(fingerprint, noted);
    return noted;
  }

  #note({ name, size, sha256 }: ManifestEntry, checked: Checked, error?: unknown): void {
    const before = this.#checked.get(name);
    this.#checked.set(name, checked);
    this.#report();
    if (before?.state === checked.state && before.fingerprint === checked.fingerprint) return;
    const { logger } = this.#parts;
    const fields = { file: name, size, sha256, ...(error === undefined ? {} : { err: error }) };
    if (checked.state === 'verified') logger.info(fields, 'boot file is what the manifest says');
    else if (checked.state === 'missing') logger.warn(fields, 'a boot file of the manifest is missing');
    else logger.error(fields, 'a boot file is not what the manifest says and is not given out');
  }

  #report(): void {
    const counts = new Map<AssetState, number>();
    for (const name of this.#entries.keys()) {
      const state = this.stateOf(name) ?? 'unchecked';
      counts.set(state, (counts.get(state) ?? 0) + 1);
    }
    for (const state of STATES) this.#gauge.set(counts.get(state) ?? 0, { state });
  }

  #refresh(): Promise<void> {
    const now = this.#parts.clock.monotonicMs();
    if (now - this.#readAtMs < MANIFEST_AGE_MS) return this.#reading ?? Promise.resolve();
    this.#readAtMs = now;
    this.#reading = this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /** A manifest that cannot be read or is none leaves the last good one in force. */
  async #read(): Promise<void> {
    const { root, logger } = this.#parts;
    let handle: FileHandle;
    try {
      handle = await open(join(root, MANIFEST_NAME), 'r');
    } catch (error) {
      this.#readAs = undefined;
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') this.#entries = new Map();
      else this.#isUnreadable(error);
      return;
    }
    try {
      const { text } = fingerprintOf(await handle.stat({ bigint: true }));
      if (text === this.#readAs) return;
      const parsed = parseManifest(await handle.readFile('utf8'));
      this.#readAs = text;
      if (parsed.ok) this.#entries = new Map(parsed.value.map((entry) => [entry.name, entry]));
      else logger.error({ fault: parsed.fault }, 'the manifest of the boot files is not valid; the last one stays');
    } catch (error) {
      this.#isUnreadable(error);
    } finally {
      await handle.close();
    }
  }

  #isUnreadable(error: unknown): void {
    this.#parts.logger.error({ err: error }, 'the manifest of the boot files cannot be read; the last one stays');
  }
}

async function isDigest(handle: FileHandle, sha256: string): Promise<boolean> {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(HASH_CHUNK_BYTES);
  let position = 0;
  for (;;) {
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, position);
    if (bytesRead === 0) return hash.digest('hex') === sha256;
    hash.update(chunk.subarray(0, bytesRead));
    position += bytesRead;
  }
}
