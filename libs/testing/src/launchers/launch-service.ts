import { access } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../net/free-port.js';
import { waitFor } from '../wait-for.js';
import { launchProcess, type LaunchedProcess } from './launch-process.js';

/** Which service to start, and its settings. */
export interface ServiceLaunch {
  readonly app: 'control-plane' | 'regional';
  /** HTTP port; default: a free one. */
  readonly port?: number;
  /** Settings, `RW_…`. */
  readonly env: Readonly<Record<string, string>>;
  /** Which answer makes it started: `/ready` when its dependencies must be there too. Default `/ready`. */
  readonly until?: '/ready' | '/health';
  readonly readyWithinMs?: number;
  /** Name of the network namespace it runs in; default: that of this process. */
  readonly networkNamespace?: string;
  /** Linux capabilities it shall not have though root runs it, e.g. `net_raw`. */
  readonly withoutCapabilities?: readonly string[];
  /** Where this process reaches it; default: `port` on loopback. */
  readonly url?: string;
}

const READY_WITHIN_MS = 120_000;
const PROBE_TIMEOUT_MS = 10_000;
const REPOSITORY = fileURLToPath(new URL('../../../../', import.meta.url));

/** A service of the product in a process of its own, as it is deployed: the built app with settings by environment. */
export class ServiceProcess implements AsyncDisposable {
  readonly port: number;
  readonly #launch: ServiceLaunch;
  #process: LaunchedProcess;

  private constructor(launch: ServiceLaunch, port: number, process: LaunchedProcess) {
    this.#launch = launch;
    this.port = port;
    this.#process = process;
  }

  static async launch(launch: ServiceLaunch): Promise<ServiceProcess> {
    const port = launch.port ?? (await freePort());
    return new ServiceProcess(launch, port, await start(launch, port));
  }

  /** `http://127.0.0.1:port`, unless it is reached in another way. */
  get url(): string {
    return urlOf(this.#launch, this.port);
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** The end of what it logged. */
  output(): string {
    return this.#process.output();
  }

  hasExited(): boolean {
    return this.#process.hasExited();
  }

  /** SIGKILL: nothing is flushed, nothing is handed over. */
  kill9(): Promise<void> {
    return this.#process.kill9();
  }

  /** SIGTERM, then waits for the end. */
  stop(): Promise<void> {
    return this.#process.stop(STOP_GRACE_MS);
  }

  /** Stops it if it runs and starts it on the same port and state. */
  async restart(until: ServiceLaunch['until'] = this.#launch.until ?? '/ready'): Promise<void> {
    await this.#process.stop(STOP_GRACE_MS);
    this.#process = await start({ ...this.#launch, until }, this.port);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#process.stop(STOP_GRACE_MS);
  }
}

/** Longer than a service takes to drain. */
const STOP_GRACE_MS = 25_000;

/** Starts a service; see {@link ServiceProcess}. Rejects with the end of its log when it does not become ready. */
export function launchService(launch: ServiceLaunch): Promise<ServiceProcess> {
  return ServiceProcess.launch(launch);
}

function urlOf(launch: ServiceLaunch, port: number): string {
  return launch.url ?? `http://127.0.0.1:${String(port)}`;
}

async function start(launch: ServiceLaunch, port: number): Promise<LaunchedProcess> {
  const main = `${REPOSITORY}apps/${launch.app}/dist/main.js`;
  await access(main).catch((cause: unknown) => {
    throw new Error(`${main} is missing: run \`make build\``, { cause });
  });
  const limits = (launch.withoutCapabilities ?? []).flatMap((name) => ['--bounding-set', `-${name}`]);
  const [command = '', ...args] = [
    ...(limits.length === 0 ? [] : ['setpriv', ...limits]),
    ...[process.execPath, '--enable-source-maps', main],
  ];
  const child = await launchProcess({
    command,
    args,
    env: { ...launch.env, RW_HTTP_PORT: String(port) },
    installHint: 'make deps',
    ...(launch.networkNamespace === undefined ? {} : { networkNamespace: launch.networkNamespace }),
  });
  const url = `${urlOf(launch, port)}${launch.until ?? '/ready'}`;
  try {
    await waitFor(
      async () => {
        if (child.hasExited()) return true;
        const response = await fetch(url, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
        await response.arrayBuffer();
        return response.ok;
      },
      { what: `${launch.app} answers ${url}`, deadlineMs: launch.readyWithinMs ?? READY_WITHIN_MS, pollMs: 50 },
    );
    if (child.hasExited()) throw new Error(`${launch.app} ended`);
    return child;
  } catch (cause) {
    await child.kill9();
    throw new Error(`${launch.app} did not become ready:\n${child.output()}`, { cause });
  }
}
