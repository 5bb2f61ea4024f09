import type { BigIntStats } from 'node:fs';

/** Codes of `open` that mean: there is no such file for us. */
export const ABSENT_CODES: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'EACCES']);

const NANOSECONDS_PER_MS = 1_000_000n;

/** What changes whenever a file does: its place on disk, its length, and its time to the nanosecond. */
export interface Fingerprint {
  readonly text: string;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
}

export function fingerprintOf({ dev, ino, size, mtimeNs }: BigIntStats): Fingerprint {
  return {
    text: [dev, ino, size, mtimeNs].map((part) => part.toString(36)).join('-'),
    sizeBytes: Number(size),
    modifiedAtMs: Number(mtimeNs / NANOSECONDS_PER_MS),
  };
}
