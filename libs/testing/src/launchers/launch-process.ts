import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants, readdirSync, readFileSync } from 'node:fs';
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
  /** Resolves when the process has ended, however it did, and {@link output} holds all it wrote. */
  readonly exited: Promise<ProcessExit>;
  readonly hasExited: () => boolean;
  /** SIGKILL, then waits for the end. */
  kill9(): Promise<void>;
  /** SIGTERM, and SIGKILL when it has not ended `graceMs` (default 5 000) later. */
  stop(graceMs?: number): Promise<void>;
  /** SIGSTOP: the process freezes with its sockets open. Returns once it stands still. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
}

const MAX_OUTPUT_CHARS = 65_536;
const DEFAULT_GRACE_MS = 5_000;
/** What a process has written is read soon after its end, unless a child of its own holds the pipe open. */
const OUTPUT_GRACE_MS = 5_000;
const STANDSTILL_WITHIN_MS = 20_000;
/** Of `/proc/{pid}/task/{tid}/stat`: stopped by a signal, or ended. */
const STILL_STATES: ReadonlySet<string> = new Set(['T', 'X', 'Z']);

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
  const output = collectOutput(child);
  const life = followExit(child);
  await new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  return handleOf(child, life, output);
}

/** `nsenter` replaces itself by the command, so the pid and the death signal are those of the command. */
function namespaceWrapper(name: string | undefined): readonly string[] {
  return name === undefined ? [] : ['nsenter', `--net=/run/netns/${name}`, '--'];
}

function handleOf(child: ChildProcess, life: ProcessLife, output: () => string): LaunchedProcess {
  const { pid } = child;
  const { exited } = life;
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
    hasExited: () => life.hasExited,
    kill9,
    stop,
    pause: () => {
      child.kill('SIGSTOP');
      waitForStandstill(pid);
    },
    resume: () => void child.kill('SIGCONT'),
    [Symbol.asyncDispose]: () => stop(),
  };
}

interface ProcessLife {
  readonly exited: Promise<ProcessExit>;
  /** Whether {@link exited} has resolved. */
  readonly hasExited: boolean;
}

function followExit(child: ChildProcess): ProcessLife {
  killLivingOnExit();
  living.add(child);
  const { promise: exited, resolve } = Promise.withResolvers<ProcessExit>();
  const life = { exited, hasExited: false };
  const end = (exitCode: number | null, signal: NodeJS.Signals | null): void => {
    life.hasExited = true;
    resolve({ exitCode, signal });
  };
  child.once('exit', (exitCode, signal) => {
    living.delete(child);
    const timer = setTimeout(end, OUTPUT_GRACE_MS, exitCode, signal);
    child.once('close', () => {
      clearTimeout(timer);
      end(exitCode, signal);
    });
  });
  child.once('error', () => {
    living.delete(child);
  });
  return life;
}

/** The signal reaches one thread, which stops the others: until all stand still, one of them may answer. */
function waitForStandstill(pid: number): void {
  const endsAt = performance.now() + STANDSTILL_WITHIN_MS;
  while (!threadStates(pid).every((state) => STILL_STATES.has(state))) {
    if (performance.now() > endsAt) throw new Error(`process ${pid} does not stand still`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
  }
}

function threadStates(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map((thread) => threadState(`/proc/${pid}/task/${thread}/stat`));
  } catch {
    // It has ended and was reaped.
    return [];
  }
}

/** A thread may end between the listing and the look. */
function threadState(path: string): string {
  try {
    const stat = readFileSync(path, 'latin1');
    return stat.charAt(stat.lastIndexOf(')') + 2);
  } catch {
    return 'X';
  }
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
