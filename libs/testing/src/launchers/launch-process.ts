import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** What to start and what to say when it cannot be started. */
export interface ProcessSpec {
  /** A path, or a name looked up in `PATH`. */
  readonly command: string;
  readonly args?: readonly string[];
  readonly cwd?: string;
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Name of the network namespace it runs in; default: that of this process. */
  readonly networkNamespace?: string;
  /** How to obtain a missing binary, e.g. `apt-get install etcd-server`. */
  readonly installHint: string;
}

/** How a process ended. */
export interface ProcessExit {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A child process that never outlives this one. */
export interface LaunchedProcess extends AsyncDisposable {
  readonly pid: number;
  /** The last 64 KiB of its standard output and error, in the order they arrived. */
  readonly output: () => string;
  /** Resolves when the process has ended, however it did. */
  readonly exited: Promise<ProcessExit>;
  readonly hasExited: () => boolean;
  /** SIGKILL, then waits for the end. */
  kill9(): Promise<void>;
  /** SIGTERM, and SIGKILL when it has not ended `graceMs` (default 5 000) later. */
  stop(graceMs?: number): Promise<void>;
  /** SIGSTOP: the process freezes with its sockets open. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
}

const MAX_OUTPUT_CHARS = 65_536;
const DEFAULT_GRACE_MS = 5_000;

/** Kills the child when this process dies in a way that runs no exit handler (Linux `prctl(PR_SET_PDEATHSIG)`). */
const DEATH_SIGNAL_WRAPPER = ['setpriv', '--pdeathsig', 'KILL', '--'];

const living = new Set<ChildProcess>();
let killsOnExit = false;

/** The absolute path of `command`; fails loudly with `installHint` when there is none. */
export function findBinary(command: string, installHint: string): string {
  const found = searchPath(command);
  if (found === undefined) throw new Error(`${command} not found: run \`${installHint}\``);
  return found;
}

/** Starts a process; resolves once the operating system has started it, which says nothing of its readiness. */
export async function launchProcess(spec: ProcessSpec): Promise<LaunchedProcess> {
  const binary = findBinary(spec.command, spec.installHint);
  const wrapper = searchPath('setpriv') === undefined ? [] : DEATH_SIGNAL_WRAPPER;
  const command = [...wrapper, ...namespaceWrapper(spec.networkNamespace), binary, ...(spec.args ?? [])];
  const child = spawn(command[0] ?? binary, command.slice(1), {
    cwd: spec.cwd,
    env: { ...process.env, ...spec.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = followExit(child);
  const output = collectOutput(child);
  await new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  return handleOf(child, exited, output);
}

/** `nsenter` replaces itself by the command, so the pid and the death signal are those of the command. */
function namespaceWrapper(name: string | undefined): readonly string[] {
  return name === undefined ? [] : ['nsenter', `--net=/run/netns/${name}`, '--'];
}

function handleOf(child: ChildProcess, exited: Promise<ProcessExit>, output: () => string): LaunchedProcess {
  const { pid } = child;
  if (pid === undefined) throw new Error('a started process has no pid');
  const kill9 = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  const stop = async (graceMs = DEFAULT_GRACE_MS): Promise<void> => {
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    child.kill('SIGCONT');
    child.kill('SIGTERM');
    await exited;
    clearTimeout(timer);
  };
  return {
    pid,
    output,
    exited,
    hasExited: () => child.exitCode !== null || child.signalCode !== null,
    kill9,
    stop,
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    [Symbol.asyncDispose]: () => stop(),
  };
}

function followExit(child: ChildProcess): Promise<ProcessExit> {
  killLivingOnExit();
  living.add(child);
  return new Promise((resolve) => {
    child.once('exit', (exitCode, signal) => {
      living.delete(child);
      resolve({ exitCode, signal });
    });
    child.once('error', () => {
      living.delete(child);
    });
  });
}

function killLivingOnExit(): void {
  if (killsOnExit) return;
  killsOnExit = true;
  process.on('exit', () => {
    for (const child of living) child.kill('SIGKILL');
  });
}

function collectOutput(child: ChildProcess): () => string {
  let text = '';
  const append = (chunk: Buffer): void => {
    text = (text + chunk.toString()).slice(-MAX_OUTPUT_CHARS);
  };
  child.stdout?.on('data', append);
  child.stderr?.on('data', append);
  return () => text;
}

function searchPath(command: string): string | undefined {
  const candidates = command.includes('/')
    ? [command]
    : (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, command));
  return candidates.find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
