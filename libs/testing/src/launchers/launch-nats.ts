import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../net/free-port.js';
import { waitFor } from '../wait-for.js';
import { launchProcess, type LaunchedProcess } from './launch-process.js';

/** How to start NATS; what is left out is chosen freely. */
export interface NatsLaunch {
  /** Default: a temporary folder, removed on disposal. */
  readonly storeDir?: string;
  readonly port?: number;
  readonly mqttPort?: number;
}

const INSTALL_HINT = 'apt-get install nats-server';
/** A slow disk may take long to make the first files. */
const READY_WITHIN_MS = 50_000;
const PROBE_TIMEOUT_MS = 5_000;
/** Another process may take a port between the probe and the start. */
const START_ATTEMPTS = 3;

interface Placed {
  readonly folder: string;
  readonly storeDir: string;
  readonly port: number;
  readonly mqttPort: number;
}

/** A real NATS server with JetStream and an MQTT listener, on the loopback address. */
export class NatsServer implements AsyncDisposable {
  readonly #placed: Placed;
  #process: LaunchedProcess;

  private constructor(placed: Placed, process: LaunchedProcess) {
    this.#placed = placed;
    this.#process = process;
  }

  /** Starts NATS and waits until JetStream is ready. */
  static async launch(launch: NatsLaunch = {}): Promise<NatsServer> {
    const folder = await mkdtemp(join(tmpdir(), 'rackwright-nats-'));
    for (let attempt = 1; ; attempt += 1) {
      const placed = {
        folder,
        storeDir: launch.storeDir ?? join(folder, 'store'),
        port: launch.port ?? (await freePort()),
        mqttPort: launch.mqttPort ?? (await freePort()),
      };
      try {
        return new NatsServer(placed, await start(placed));
      } catch (error) {
        const isTaken = String(error).includes('address already in use');
        if (isTaken && attempt < START_ATTEMPTS) continue;
        await rm(folder, { recursive: true, force: true });
        throw error;
      }
    }
  }

  get port(): number {
    return this.#placed.port;
  }

  /** `nats://127.0.0.1:port`. */
  get url(): string {
    return `nats://127.0.0.1:${this.#placed.port}`;
  }

  get mqttPort(): number {
    return this.#placed.mqttPort;
  }

  /** `mqtt://127.0.0.1:port`. */
  get mqttUrl(): string {
    return `mqtt://127.0.0.1:${this.#placed.mqttPort}`;
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** The end of what NATS wrote to its standard output and error. */
  output(): string {
    return this.#process.output();
  }

  /** SIGKILL: nothing is flushed. */
  kill9(): Promise<void> {
    return this.#process.kill9();
  }

  /** Stops it if it runs and starts it on the same ports; `isEmptied` loses the streams in between. */
  async restart({ isEmptied = false }: { readonly isEmptied?: boolean } = {}): Promise<void> {
    await this.#process.stop();
    if (isEmptied) await rm(this.#placed.storeDir, { recursive: true, force: true });
    this.#process = await start(this.#placed);
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
    await rm(this.#placed.folder, { recursive: true, force: true });
  }
}

/** Starts a real NATS server; see {@link NatsServer}. */
export function launchNats(launch: NatsLaunch = {}): Promise<NatsServer> {
  return NatsServer.launch(launch);
}

async function start(placed: Placed): Promise<LaunchedProcess> {
  const config = join(placed.folder, 'nats.conf');
  const monitorPort = await freePort();
  await writeFile(config, configuration(placed, monitorPort));
  const child = await launchProcess({ command: 'nats-server', args: ['-c', config], installHint: INSTALL_HINT });
  try {
    await becomeReady(child, monitorPort);
    return child;
  } catch (error) {
    await child.kill9();
    throw error;
  }
}

/** The MQTT listener refuses to start without a server name and JetStream. */
function configuration(placed: Placed, monitorPort: number): string {
  return `
server_name: "rackwright-${placed.port}"
listen: "127.0.0.1:${placed.port}"
http: "127.0.0.1:${monitorPort}"
pid_file: ${JSON.stringify(join(placed.folder, 'nats.pid'))}
jetstream { store_dir: ${JSON.stringify(placed.storeDir)}, max_memory_store: 256MB, max_file_store: 8GB }
mqtt { listen: "127.0.0.1:${placed.mqttPort}" }
`;
}

async function becomeReady(child: LaunchedProcess, monitorPort: number): Promise<void> {
  const outcome = await waitFor(
    async () => {
      if (child.hasExited()) return 'ended';
      const url = `http://127.0.0.1:${monitorPort}/healthz`;
      const reply = await fetch(url, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
      return ((await reply.json()) as { status?: string }).status === 'ok' ? 'healthy' : undefined;
    },
    { what: 'nats-server is healthy', deadlineMs: READY_WITHIN_MS, pollMs: 20 },
  );
  if (outcome === 'ended') throw new Error(`nats-server ended while starting:\n${child.output()}`);
}
