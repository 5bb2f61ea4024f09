import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { median } from '../report/statistics.js';

const KIB_PER_MB = 1_000_000 / 1_024;

/** Memory of a process, in megabytes. */
export interface ResidentMemory {
  readonly nowMb: number;
  readonly peakMb: number;
}

/** What Linux says of a process: proc(5), VmRSS and VmHWM. */
async function residentMemory(pid: number): Promise<ResidentMemory> {
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8');
  const read = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]) / KIB_PER_MB;
  return { nowMb: read('VmRSS'), peakMb: read('VmHWM') };
}

const LOOKS = 10;
const BETWEEN_LOOKS_MS = 1_000;
/** Ten looks that differ by less are called steady. */
const STEADY_WITHIN = 0.03;
const MAX_LOOKS = 120;

/** The memory of a process once it has stopped changing: the median over ten seconds. */
export async function steadyMemory(pid: number): Promise<ResidentMemory> {
  const seen: number[] = [];
  for (let look = 0; look < MAX_LOOKS; look += 1) {
    await pause(BETWEEN_LOOKS_MS);
    seen.push((await residentMemory(pid)).nowMb);
    const recent = seen.slice(-LOOKS);
    const isSteady = recent.length === LOOKS && Math.max(...recent) <= Math.min(...recent) * (1 + STEADY_WITHIN);
    if (isSteady) return { nowMb: median(recent), peakMb: (await residentMemory(pid)).peakMb };
  }
  throw new Error(`the memory of process ${String(pid)} kept changing: ${seen.slice(-LOOKS).join(', ')} MB`);
}
