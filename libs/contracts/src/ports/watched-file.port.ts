/** Why a watched file gives no contents now. */
export interface FileFault {
  readonly code: 'file-absent' | 'file-too-large' | 'file-unreadable';
  readonly detail: string;
}

/** Told about one file. */
export interface FileObserver {
  /** The contents, when they were read first and after every change of them. */
  onContents(bytes: Uint8Array): void;
  /** Told once when it begins; contents that come back are told again, even if they are the same. */
  onFault(fault: FileFault): void;
}

/** A file that is being watched, until it is disposed of. */
export interface WatchedFile extends AsyncDisposable {
  /** Resolves once the observer has been told something. */
  readonly looked: Promise<void>;
}

/**
 * Watches files by path: whatever puts other contents there counts, be it a write in place, a rename onto the path, or
 * a symbolic link on the way that points elsewhere now. Contents are delivered whole, after they have stopped changing.
 */
export interface WatchedFiles {
  /** A file longer than `maxBytes` is a fault and is not read. */
  watch(at: { readonly path: string; readonly maxBytes: number }, observer: FileObserver): WatchedFile;
}
