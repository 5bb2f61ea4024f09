import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';

const call = promisify(execFile);

/** The processors a process may use, as `taskset` writes them. */
export const ONE_PROCESSOR = '0';
export const ALL_PROCESSORS = `0-${String(availableParallelism() - 1)}`;

/** Keeps a running process with all its threads to some processors. */
export async function keepTo(processors: string, pid: number): Promise<void> {
  await call('taskset', ['--all-tasks', '--cpu-list', '--pid', processors, String(pid)]);
}

/** Runs a Node program on some processors; what it printed. */
export async function runOn(processors: string, program: string, argument: string): Promise<string> {
  const { stdout } = await call('taskset', ['--cpu-list', processors, process.execPath, program, argument]);
  return stdout;
}
