import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DurableDocument } from '@rackwright/contracts';
import { diskFailed, isAbsent } from './disk-failure.js';
import { syncDirectory } from './segment.js';

/** One document in one file, replaced as a whole: a reader or a crash sees the old text or the new, never a mixture. */
export class FileDocument implements DurableDocument {
  readonly #path: string;
  #last: Promise<unknown> = Promise.resolve();

  /** `path` is the file; its directory is created on the first write. One process writes it. */
  constructor(path: string) {
    this.#path = path;
  }

  async read(): Promise<string | undefined> {
    try {
      return await readFile(this.#path, 'utf8');
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw diskFailed(`cannot read ${this.#path}`, error);
    }
  }

  /** Writes follow one another in the order of the calls. */
  write(text: string): Promise<void> {
    const turn = this.#last.then(() => this.#replace(text));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #replace(text: string): Promise<void> {
    const draft = `${this.#path}.new`;
    const directory = dirname(this.#path);
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await writeDurably(draft, text);
      await rename(draft, this.#path);
      await syncDirectory(directory);
    } catch (error) {
      // On a full disk the draft would keep the space that the next attempt needs.
      await rm(draft, { force: true }).catch(() => undefined);
      throw diskFailed(`cannot write ${this.#path}`, error);
    }
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const handle = await open(path, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
