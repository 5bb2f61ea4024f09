import { createHash } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { OperationalError } from '@rackwright/kernel';
import { diskFailed, hasErrno, isAbsent } from './disk-failure.js';

/** Field 22 of `/proc/{pid}/stat` counted after the command name, which may itself hold spaces and parentheses. */
const START_TIME_FIELD = 19;
const DEAD_STATES: ReadonlySet<string> = new Set(['Z', 'X', 'x']);

/** Locks this process has asked for: makes the content of each unique. */
let taken = 0;

/** A lock held by this process; releasing it twice is harmless. */
export interface HeldLock {
  release(): void;
}

/**
 * Takes the lock file `path` for this process, or rejects with code `journal-locked` when a living process holds it.
 * The lock of a dead process is taken over: process id and start time tell a dead owner from one that got its id again.
 * Valid among processes that see each other under `/proc`; a volume shared between hosts is not protected.
 */
export function acquireLock(path: string): HeldLock {
  taken += 1;
  const identity = `${process.pid} ${startTimeOf(process.pid) ?? '?'} ${taken}\n`;
  const own = `${path}.${process.pid}-${taken}`;
  try {
    // A process that died here with the same id may have left its file.
    writeFileSync(own, identity, { mode: 0o600 });
    const holder = place(own, path);
    if (holder !== undefined) throw locked(path, holder);
  } catch (error) {
    throw error instanceof OperationalError ? error : diskFailed(`cannot lock ${path}`, error);
  } finally {
    rmSync(own, { force: true });
  }
  return {
    release() {
      if (readText(path) === identity) rmSync(path, { force: true });
    },
  };
}

function locked(path: string, holder: string): OperationalError {
  const [pid = '?'] = holder.split(' ');
  const message = `${path} is held by process ${pid}: a journal belongs to one process`;
  return new OperationalError(message, { code: 'journal-locked', retryable: false });
}

/**
 * Makes `path` a link to `own`; returns the living holder when that is not possible. A dead holder's file may be
 * replaced only by who holds the claim named after its content, so that two takers cannot remove each other's lock;
 * a claim whose own holder died is taken over the same way.
 */
function place(own: string, path: string): string | undefined {
  for (;;) {
    if (linkIfFree(own, path)) return undefined;
    const holder = readText(path);
    if (holder === undefined) continue;
    if (isAlive(holder)) return holder;
    const claim = `${path}.${createHash('sha256').update(holder).digest('hex').slice(0, 8)}`;
    if (place(own, claim) !== undefined) return holder;
    if (readText(path) === holder) {
      renameSync(claim, path);
      return undefined;
    }
    unlinkSync(claim);
  }
}

function linkIfFree(own: string, path: string): boolean {
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if (hasErrno(error, 'EEXIST')) return false;
    throw error;
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

function isAlive(identity: string): boolean {
  const [pid, startTime] = identity.split(' ');
  return startTime !== undefined && startTimeOf(Number(pid)) === startTime;
}

/** When a process started, in clock ticks since boot; `undefined` for one that is gone or only waits to be reaped. */
function startTimeOf(pid: number): string | undefined {
  const stat = readText(`/proc/${pid}/stat`);
  const [state, ...rest] = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
  return state === undefined || DEAD_STATES.has(state) ? undefined : rest[START_TIME_FIELD - 1];
}
