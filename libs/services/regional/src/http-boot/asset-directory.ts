import { constants, type Dirent } from 'node:fs';
import { open, readdir, realpath, type FileHandle } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { fail, ok, parseMac, type Result } from '@rackwright/kernel';

/** A regular file below the root, open for reading. */
export interface Asset {
  readonly path: string;
  readonly handle: FileHandle;
  readonly sizeBytes: number;
}

/** Why a file is not given out. */
export type AssetRefusal = 'not-found' | 'not-a-file' | 'outside-root';

const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'EACCES']);
/** What one listing shows at most; a distribution mirror has a hundred thousand files. */
const MAX_LISTED_FILES = 10_000;

/** The files machines may read. Nothing outside of the directory is reachable, not even by a symbolic link in it. */
export class AssetDirectory {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** A folder of it as a directory of its own. */
  below(folder: string): AssetDirectory {
    return new AssetDirectory(join(this.#root, folder));
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

  /** Opens a regular file; the caller closes it. */
  async open(name: string): Promise<Asset | AssetRefusal> {
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
    const stat = await handle.stat();
    if (stat.isFile()) return { path, handle, sizeBytes: stat.size };
    await handle.close();
    return 'not-a-file';
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

function absentOr(error: unknown): 'not-found' {
  if (ABSENT.has((error as NodeJS.ErrnoException).code ?? '')) return 'not-found';
  throw error;
}

/** A boot file's name without the MAC that a client may put before it. */
export function withoutMac(name: string): string {
  const slash = name.indexOf('/');
  return slash > 0 && parseMac(name.slice(0, slash)) !== undefined ? name.slice(slash + 1) : name;
}
