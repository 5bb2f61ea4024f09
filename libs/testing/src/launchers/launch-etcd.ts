import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../net/free-port.js';
import { waitFor } from '../wait-for.js';
import { launchProcess, type LaunchedProcess } from './launch-process.js';

/** How to start etcd. */
export interface EtcdLaunch {
  /** Default: a temporary folder, removed on disposal. */
  readonly dataDir?: string;
  /** Client port; default: a free one. */
  readonly port?: number;
  /** Default `etcd`, looked up in `PATH`. */
  readonly binary?: string;
  readonly args?: readonly string[];
  /**
   * Whether etcd waits for the disk before it answers, as in production. Default false: what etcd wrote outlives its
   * process as well, and only a crash of the machine loses it, but no test waits for a slow disk.
   */
  readonly isDurable?: boolean;
}

const INSTALL_HINT = 'apt-get install etcd-server';
/** A slow disk may take long to make the first files. */
const READY_WITHIN_MS = 50_000;
const PROBE_TIMEOUT_MS = 5_000;
/** Another process may take a port between the probe and the start. */
const START_ATTEMPTS = 3;

/** A real etcd of one member on the loopback address. */
export class EtcdServer implements AsyncDisposable {
  readonly dataDir: string;
  readonly #launch: EtcdLaunch;
  readonly #removesData: boolean;
  #port: number;
  #process: LaunchedProcess;

  private constructor(launch: EtcdLaunch & { readonly dataDir: string }, removesData: boolean, started: Started) {
    this.dataDir = launch.dataDir;
    this.#launch = launch;
    this.#removesData = removesData;
    this.#port = started.port;
    this.#process = started.process;
  }

  /** Starts etcd and waits until it answers. */
  static async launch(launch: EtcdLaunch = {}): Promise<EtcdServer> {
    const dataDir = launch.dataDir ?? (await mkdtemp(join(tmpdir(), 'rackwright-etcd-')));
    const placed = { ...launch, dataDir };
    return new EtcdServer(placed, launch.dataDir === undefined, await start(placed));
  }

  get port(): number {
    return this.#port;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** The end of what etcd wrote to its standard output and error. */
  output(): string {
    return this.#process.output();
  }

  /** SIGKILL: nothing is flushed. */
  kill9(): Promise<void> {
    return this.#process.kill9();
  }

  /** Stops it if it runs, starts it on the same port and data, and waits until it answers. */
  async restart(): Promise<void> {
    await this.#process.stop();
    this.#process = (await start({ ...this.#launch, dataDir: this.dataDir, port: this.#port })).process;
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }

  /** SIGSTOP: its connections stay open and nobody answers. */
  pause(): void {
    this.#process.pause();
  }

  resume(): void {
    this.#process.resume();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stop();
    if (this.#removesData) await rm(this.dataDir, { recursive: true, force: true });
  }
}

/** Starts a real etcd; see {@link EtcdServer}. */
export function launchEtcd(launch: EtcdLaunch = {}): Promise<EtcdServer> {
  return EtcdServer.launch(launch);
}

interface Started {
  readonly port: number;
  readonly process: LaunchedProcess;
}

async function start(launch: EtcdLaunch & { readonly dataDir: string }): Promise<Started> {
  for (let attempt = 1; ; attempt += 1) {
    const port = launch.port ?? (await freePort());
    const peerPort = await freePort();
    const child = await launchProcess({
      command: launch.binary ?? 'etcd',
      args: [...flagsFor(launch.dataDir, port, peerPort), ...(launch.args ?? [])],
      // As a variable, since an etcd that does not know the setting refuses a flag and only warns of a variable.
      env: { ETCD_UNSUPPORTED_ARCH: process.arch, ETCD_UNSAFE_NO_FSYNC: String(launch.isDurable !== true) },
      installHint: INSTALL_HINT,
    });
    try {
      await becomeReady(child, port);
      return { port, process: child };
    } catch (error) {
      await child.kill9();
      const isTaken = child.output().includes('address already in use');
      if (!isTaken || launch.port !== undefined || attempt === START_ATTEMPTS) throw error;
    }
  }
}

function flagsFor(dataDir: string, port: number, peerPort: number): readonly string[] {
  const client = `http://127.0.0.1:${port}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  return [
    `--data-dir=${dataDir}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
  ];
}

async function becomeReady(child: LaunchedProcess, port: number): Promise<void> {
  const outcome = await waitFor(
    async () => {
      if (child.hasExited()) return 'ended';
      const reply = await fetch(`http://127.0.0.1:${port}/health`, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
      return ((await reply.json()) as { health?: string }).health === 'true' ? 'healthy' : undefined;
    },
    { what: `etcd answers on port ${port}`, deadlineMs: READY_WITHIN_MS, pollMs: 20 },
  );
  if (outcome === 'ended') throw new Error(`etcd ended while starting:\n${child.output()}`);
}
