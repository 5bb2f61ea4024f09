import { constants, type Dirent } from 'node:fs';
import { open, readdir, realpath, type FileHandle } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { fail, ok, parseMac, type Mac, type Result } from '@rackwright/kernel';
import type { AssetManifest } from './asset-manifest.js';
import type { AssetReader, EmbeddedScripts } from './embedded-scripts.js';
import { ABSENT_CODES, fingerprintOf } from './file-fingerprint.js';
import { applyOverlays, type Overlay } from './overlay.js';

/** A regular file below the root, open for reading, as one machine sees it. */
export interface Asset {
  readonly path: string;
  readonly handle: FileHandle;
  readonly sizeBytes: number;
  /** Octets that differ from those on disk for this machine; {@link readAsset} puts them in. */
  readonly overlays: readonly Overlay[];
  /** Changes whenever the file does. */
  readonly fingerprint: string;
  readonly modifiedAtMs: number;
}

/** Why a file is not given out. */
export type AssetRefusal = 'not-found' | 'not-a-file' | 'outside-root' | 'hash-mismatch';

/** What one listing shows at most; a distribution mirror has a hundred thousand files. */
const MAX_LISTED_FILES = 10_000;

export interface AssetDirectoryParts {
  /** Digests that files must have to be given out. */
  readonly manifest?: AssetManifest;
  /** Patches boot binaries per machine. */
  readonly embedded?: EmbeddedScripts;
  /** The folder of the whole directory that this one is, with a slash at its end. */
  readonly prefix?: string;
}

/** The files machines may read. Nothing outside of the directory is reachable, not even by a symbolic link in it. */
export class AssetDirectory {
  readonly #root: string;
  readonly #parts: AssetDirectoryParts;

  constructor(root: string, parts: AssetDirectoryParts = {}) {
    this.#root = root;
    this.#parts = parts;
  }

  /** A folder of it as a directory of its own. */
  below(folder: string): AssetDirectory {
    const prefix = `${this.#parts.prefix ?? ''}${folder}/`;
    return new AssetDirectory(join(this.#root, folder), { ...this.#parts, prefix });
  }

  /** The real path of a file, checked to lie below the root. `name` is relative, with `/` between its parts. */
  async locate(name: string): Promise<Result<string, AssetRefusal>> {
    if (name.includes('\0')) return fail('not-found');
    try {
      const root = await realpath(this.#root);
      const path = await realpath(join(root, name));
      return path.startsWith(root + sep) ? ok(path) : fail('outside-root');
    } catch (error) {
      return fail(absentOr(error));
    }
  }

  /** Opens a regular file; the caller closes its handle. */
  async open(name: string, reader?: AssetReader): Promise<Asset | AssetRefusal> {
    const located = await this.locate(name);
    if (!located.ok) return located.fault;
    const path = located.value;
    let handle: FileHandle;
    try {
      // A FIFO would block without O_NONBLOCK; the path is real, so the last part is no link unless it was swapped.
      handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    } catch (error) {
      return absentOr(error);
    }
    let asset: Asset | AssetRefusal = 'not-a-file';
    try {
      asset = await this.#examine(handle, { name, path }, reader);
    } finally {
      if (typeof asset === 'string') await handle.close();
    }
    return asset;
  }

  async #examine(
    handle: FileHandle,
    { name, path }: { readonly name: string; readonly path: string },
    reader: AssetReader | undefined,
  ): Promise<Asset | AssetRefusal> {
    const { manifest, embedded } = this.#parts;
    const stat = await handle.stat({ bigint: true });
    if (!stat.isFile()) return 'not-a-file';
    const fingerprint = fingerprintOf(stat);
    if (manifest !== undefined) {
      for (const listed of await this.#namesOf(name, path)) {
        if (!(await manifest.admits(listed, handle, fingerprint))) return 'hash-mismatch';
      }
    }
    const overlays = (await embedded?.overlaysOf(handle, fingerprint, reader)) ?? [];
    const { text, sizeBytes, modifiedAtMs } = fingerprint;
    return { path, handle, sizeBytes, overlays, fingerprint: text, modifiedAtMs };
  }

  /** The names under which the manifest may list a file: as it was asked for, and as it is on disk. */
  async #namesOf(name: string, path: string): Promise<readonly string[]> {
    const { prefix = '' } = this.#parts;
    const asked = name.split('/').filter((part) => part !== '' && part !== '.');
    const real = path.slice((await realpath(this.#root)).length + 1);
    return [...new Set([prefix + asked.join('/'), prefix + real])];
  }

  /** Whether a file was found not to be what the manifest says, so that {@link open} refuses it. */
  isDisowned(name: string): boolean {
    const { manifest, prefix = '' } = this.#parts;
    return manifest?.stateOf(prefix + name) === 'mismatch';
  }

  /** Regular files by name, in order; a bounded number. */
  async list(options: { readonly without?: readonly string[] } = {}): Promise<readonly string[]> {
    const found: string[] = [];
    await this.#collect('', found, new Set(options.without));
    return found.sort();
  }

  async #collect(folder: string, found: string[], without: ReadonlySet<string>): Promise<void> {
    let entries: Dirent[];
    try {
      entries = await readdir(join(this.#root, folder), { withFileTypes: true });
    } catch (error) {
      absentOr(error);
      return;
    }
    for (const entry of entries.sort((left, right) => (left.name < right.name ? -1 : 1))) {
      const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (found.length >= MAX_LISTED_FILES || without.has(name)) continue;
      if (entry.isDirectory()) await this.#collect(name, found, without);
      else if (entry.isFile() || entry.isSymbolicLink()) found.push(name);
    }
  }
}

/** Reads the octets of an asset as its machine sees them; gives their number, 0 at the end. */
export async function readAsset(asset: Asset, target: Uint8Array, position: number): Promise<number> {
  const { bytesRead } = await asset.handle.read(target, 0, target.length, position);
  if (asset.overlays.length > 0) applyOverlays(target.subarray(0, bytesRead), position, asset.overlays);
  return bytesRead;
}

/** Whether the file is still as it was when it was opened: what was read of it before belongs to what is read now. */
export async function isUnchanged({ handle, fingerprint }: Asset): Promise<boolean> {
  return fingerprintOf(await handle.stat({ bigint: true })).text === fingerprint;
}

function absentOr(error: unknown): 'not-found' {
  if (ABSENT_CODES.has((error as NodeJS.ErrnoException).code ?? '')) return 'not-found';
  throw error;
}

/** A boot file's name without the MAC that a client may put before it. */
export function withoutMac(name: string): string {
  return splitMac(name).name;
}

/** A boot file's name, and the machine that a client may put before it. */
export function splitMac(name: string): { readonly mac?: Mac; readonly name: string } {
  const slash = name.indexOf('/');
  const mac = slash > 0 ? parseMac(name.slice(0, slash)) : undefined;
  return mac === undefined ? { name } : { mac, name: name.slice(slash + 1) };
}
