import { constants, type BigIntStats } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { FileFault } from '@rackwright/contracts';
import { fail, ok, type Result } from '@rackwright/kernel';

export interface FilePlace {
  readonly path: string;
  readonly maxBytes: number;
}

/** Which contents lie at the path, as far as the directory tells: it follows symbolic links. */
export async function fingerprintOf(place: FilePlace): Promise<Result<string, FileFault>> {
  try {
    return judge(await stat(place.path, { bigint: true }), place);
  } catch (error) {
    return fail(faultOf(error));
  }
}

/** The contents, if they are still those of `fingerprint` when they have been read. */
export async function readFileAt(
  place: FilePlace,
  fingerprint: string,
): Promise<Result<Uint8Array, FileFault> | 'changed'> {
  try {
    await using file = await open(place.path, constants.O_RDONLY | constants.O_NONBLOCK);
    const before = judge(await file.stat({ bigint: true }), place);
    if (!before.ok) return before;
    if (before.value !== fingerprint) return 'changed';
    const bytes = await file.readFile();
    const after = judge(await file.stat({ bigint: true }), place);
    if (!after.ok) return after;
    return after.value === fingerprint ? ok(bytes) : 'changed';
  } catch (error) {
    return fail(faultOf(error));
  }
}

function judge(stats: BigIntStats, { maxBytes }: FilePlace): Result<string, FileFault> {
  if (!stats.isFile()) return fail({ code: 'file-unreadable', detail: 'not a regular file' });
  const { dev, ino, size, mtimeNs, ctimeNs } = stats;
  if (size > BigInt(maxBytes)) {
    return fail({ code: 'file-too-large', detail: `${String(size)} bytes; ${String(maxBytes)} are the limit` });
  }
  return ok([dev, ino, size, mtimeNs, ctimeNs].join(':'));
}

function faultOf(error: unknown): FileFault {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') return { code: 'file-absent', detail: 'there is no such file' };
  return { code: 'file-unreadable', detail: message };
}
