import type { FileFault, FileObserver, WatchedFile, WatchedFiles } from '@rackwright/contracts';

interface Watcher extends FileObserver {
  readonly maxBytes: number;
  told: string | undefined;
}

/** {@link WatchedFiles} in memory, in the hands of the test. */
export class MemoryFiles implements WatchedFiles {
  readonly #contents = new Map<string, Uint8Array>();
  readonly #watchers = new Map<string, Set<Watcher>>();

  write(path: string, contents: Uint8Array | string): void {
    this.#contents.set(path, typeof contents === 'string' ? new TextEncoder().encode(contents) : contents);
    this.#tellAll(path);
  }

  remove(path: string): void {
    this.#contents.delete(path);
    this.#tellAll(path);
  }

  watch(at: { readonly path: string; readonly maxBytes: number }, observer: FileObserver): WatchedFile {
    const watcher: Watcher = {
      maxBytes: at.maxBytes,
      told: undefined,
      onContents: (bytes) => observer.onContents(bytes),
      onFault: (fault) => observer.onFault(fault),
    };
    const watchers = this.#watchers.get(at.path) ?? new Set();
    watchers.add(watcher);
    this.#watchers.set(at.path, watchers);
    const looked = Promise.resolve().then(() => {
      if (watchers.has(watcher)) this.#tell(at.path, watcher);
    });
    return {
      looked,
      [Symbol.asyncDispose]: async () => {
        watchers.delete(watcher);
      },
    };
  }

  #tellAll(path: string): void {
    for (const watcher of this.#watchers.get(path) ?? []) this.#tell(path, watcher);
  }

  #tell(path: string, watcher: Watcher): void {
    const contents = this.#contents.get(path);
    const fault = faultOf(contents, watcher.maxBytes);
    const what = fault?.code ?? Buffer.from(contents ?? []).toString('base64');
    if (watcher.told === what) return;
    watcher.told = what;
    if (fault === undefined) watcher.onContents(Uint8Array.from(contents ?? []));
    else watcher.onFault(fault);
  }
}

function faultOf(contents: Uint8Array | undefined, maxBytes: number): FileFault | undefined {
  if (contents === undefined) return { code: 'file-absent', detail: 'there is no such file' };
  if (contents.length <= maxBytes) return undefined;
  return { code: 'file-too-large', detail: `${contents.length} bytes; ${maxBytes} are the limit` };
}
