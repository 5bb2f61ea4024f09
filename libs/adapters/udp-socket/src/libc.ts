import { createRequire } from 'node:module';

/** A system call that failed. */
export interface CallFailure {
  readonly call: string;
  /** The error's name, such as `EPERM`. */
  readonly code: string;
}

export type Call = (...values: unknown[]) => number;

/** The C library of this process. */
export interface Libc {
  /** Binds one function by its C prototype. */
  readonly func: (prototype: string) => Call;
  /** Where the octets are in memory: stays valid as long as they are referred to. */
  readonly addressOf: (bytes: Uint8Array) => bigint;
  /** Describes the call that failed last. */
  readonly failure: (call: string) => CallFailure;
}

interface Koffi {
  load(library: string | null): { func(prototype: string): Call };
  address(bytes: Uint8Array): bigint;
  errno(): number;
  readonly os: { readonly errno: Readonly<Record<string, number>> };
}

const require = createRequire(import.meta.url);
let loaded: Libc | undefined;

/** Loaded on first use, so that a service that needs no call of it never does. */
export function libc(): Libc {
  loaded ??= load(require('koffi') as Koffi);
  return loaded;
}

function load(koffi: Koffi): Libc {
  const library = koffi.load(null);
  const names = new Map(Object.entries(koffi.os.errno).map(([name, number]) => [number, name]));
  return {
    func: (prototype) => library.func(prototype),
    addressOf: (bytes) => koffi.address(bytes),
    failure: (call) => ({ call, code: names.get(koffi.errno()) ?? 'EIO' }),
  };
}
