import { readFile } from 'node:fs/promises';
import type { LoadSegment } from './load-segment.js';

/** A running DHCP server with an empty lease database. */
export interface RunningPeer extends AsyncDisposable {
  readonly pid: number;
  /** Throws with the end of its log when it has ended. */
  assertAlive(): void;
}

/** A DHCP server to be measured. */
export interface Peer {
  readonly name: string;
  start(segment: LoadSegment): Promise<RunningPeer>;
}

/** Clock ticks per second of `/proc`: fixed in the Linux system call interface. */
const TICKS_PER_SECOND = 100;
/** Fields 14 and 15 of `/proc/{pid}/stat`, counted after the command name. */
const USER_TICKS = 11;
const SYSTEM_TICKS = 12;

/** Processor time of a process and all of its threads so far. */
export async function processorMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[USER_TICKS]) + Number(fields[SYSTEM_TICKS])) * 1_000) / TICKS_PER_SECOND;
}
