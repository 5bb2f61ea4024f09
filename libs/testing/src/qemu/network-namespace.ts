import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findBinary } from '../launchers/launch-process.js';
import { waitFor } from '../wait-for.js';

const run = promisify(execFile);

const NAMESPACES_DIR = '/run/netns';
/** The pid of the process that owns a namespace is part of its name, so that a later run knows an orphan. */
const OWNED_NAME = /^rackwright-(\d+)-[0-9a-f]{8}$/;

/** A network namespace of this process and a folder of the same life and name. */
export class NetworkNamespace implements AsyncDisposable {
  readonly name: string;
  readonly dir: string;

  private constructor(name: string) {
    this.name = name;
    this.dir = folderOf(name);
  }

  /** Makes one with a working loopback; removes what a killed run left behind. Needs root. */
  static async create(): Promise<NetworkNamespace> {
    findBinary('ip', 'apt-get install iproute2');
    if (process.getuid?.() !== 0) throw new Error('making a network namespace needs root');
    await removeOrphans();
    const made = new NetworkNamespace(`rackwright-${String(process.pid)}-${randomBytes(4).toString('hex')}`);
    await run('ip', ['netns', 'add', made.name]);
    try {
      await mkdir(made.dir);
      await made.ip('link', 'set', 'lo', 'up');
      return made;
    } catch (error) {
      await made[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Runs `ip` inside the namespace. */
  async ip(...args: readonly string[]): Promise<string> {
    return (await run('ip', ['-n', this.name, ...args])).stdout;
  }

  /** Waits until an interface sends: the kernel drops what is sent in the moments after both ends of a link are up. */
  async waitForLink(interfaceName: string): Promise<void> {
    const isUp = async (): Promise<boolean> =>
      (await this.ip('-o', 'link', 'show', 'dev', interfaceName)).includes(' state UP ');
    await waitFor(isUp, { what: `${interfaceName} of ${this.name} is up` });
  }

  /** Ends what still runs in it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await removeNamespace(this.name);
  }
}

async function removeOrphans(): Promise<void> {
  const names = await readdir(NAMESPACES_DIR).catch(() => []);
  for (const name of names) {
    const owner = OWNED_NAME.exec(name)?.[1];
    if (owner !== undefined && !isAlive(Number(owner))) await removeOrphan(name);
  }
}

async function removeOrphan(name: string): Promise<void> {
  try {
    await removeNamespace(name);
  } catch (error) {
    // Another run may have removed it at the same moment.
    if ((await readdir(NAMESPACES_DIR)).includes(name)) throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** A namespace lives on, unreachable, as long as a process is in it: those end first. */
async function removeNamespace(name: string): Promise<void> {
  await waitFor(
    async () => {
      const pids = await processesIn(name);
      for (const pid of pids) killIfAlive(pid);
      return pids.length === 0;
    },
    { what: `the processes in the namespace ${name} have ended` },
  );
  await run('ip', ['netns', 'delete', name]);
  await rm(folderOf(name), { recursive: true, force: true });
}

/** None when another has removed the namespace meanwhile. */
async function processesIn(name: string): Promise<readonly number[]> {
  try {
    const { stdout } = await run('ip', ['netns', 'pids', name]);
    return stdout
      .split('\n')
      .filter((pid) => pid !== '')
      .map(Number);
  } catch (error) {
    if ((await readdir(NAMESPACES_DIR)).includes(name)) throw error;
    return [];
  }
}

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function folderOf(name: string): string {
  return join(tmpdir(), name);
}
