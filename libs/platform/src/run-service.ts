import type { Clock, Logger, Random } from '@rackwright/kernel';
import type { commonSettings } from './config/common-settings.js';
import { formatMistakes } from './config/config-mistake.js';
import { loadConfig, type ConfigRequest } from './config/load-config.js';
import type { ConfigOf, SettingTable } from './config/setting.js';
import { PinoLogger } from './logging/pino-logger.js';
import { Metrics } from './metrics/metrics.js';
import type { PlatformPorts } from './platform.module.js';
import { processHost, type ServiceHost } from './config/process-host.js';
import { systemClock } from './system-clock.js';
import { systemRandom } from './system-random.js';
import { startTracing } from './tracing/start-tracing.js';

/** Exit codes of every service; 78 is EX_CONFIG of sysexits.h. */
export const exitCodes = { ok: 0, failed: 1, badConfig: 78 } as const;

/** Requests get 10 s to end, then connections are cut; the rest is for the other parts of a service. */
const STOP_DEADLINE_MS = 20_000;

/** Longer than anybody waits; timers hold at most 2^31 - 1 ms. */
const KEEP_ALIVE_MS = 2_000_000_000;

/** The settings without which no service runs. */
type ServiceSettings = SettingTable & Pick<typeof commonSettings, 'logLevel' | 'otlpEndpoint'>;

/** A service before it is started: its name and its settings. */
export interface ServiceDefinition<S extends ServiceSettings> extends ConfigRequest<S> {
  readonly stopDeadlineMs?: number;
}

/** What a service is built from. */
export interface ServiceContext<S extends SettingTable> extends PlatformPorts {
  readonly name: string;
  readonly version: string;
  readonly config: ConfigOf<S>;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Aborted when the process is told to stop, also while the service is still starting. */
  readonly stopping: AbortSignal;
}

/**
 * Runs a service until SIGINT or SIGTERM: loads its configuration (exit code 78 when that is wrong), starts it,
 * waits, disposes it within a deadline, flushes traces. An unhandled error is logged and ends the process at once with code 1.
 */
export async function runService<S extends ServiceSettings>(
  definition: ServiceDefinition<S>,
  start: (context: ServiceContext<S>) => Promise<AsyncDisposable>,
  host: ServiceHost = processHost(),
): Promise<void> {
  const loaded = loadConfig(definition, host.input);
  if (loaded.kind === 'print') {
    host.print(loaded.text);
    host.end(exitCodes.ok);
    return;
  }
  if (loaded.kind === 'invalid') {
    host.printError(formatMistakes(loaded.mistakes));
    host.end(exitCodes.badConfig);
    return;
  }
  const { name, version } = definition;
  const { logLevel, otlpEndpoint } = loaded.config as ConfigOf<ServiceSettings>;
  const logger = PinoLogger.create({ service: name, version, level: logLevel });
  if (loaded.unknownVariables.length > 0) {
    logger.warn({ variables: loaded.unknownVariables }, 'environment variables that no setting reads');
  }
  host.onCrash((error) => {
    logger.error({ err: error }, 'crashed');
  });
  const tracing = await startTracing({ service: name, version, endpoint: otlpEndpoint, logger });
  const ports = { logger, clock: systemClock, random: systemRandom, metrics: new Metrics() };
  const life = new ServiceLife(host, logger, definition.stopDeadlineMs ?? STOP_DEADLINE_MS);
  // Timers of the clock do not keep a process alive; one that starts or stops may be waiting for nothing else.
  const alive = setInterval(() => undefined, KEEP_ALIVE_MS);
  try {
    const code = await life.run((stopping) => start({ ...ports, name, version, config: loaded.config, stopping }));
    await tracing[Symbol.asyncDispose]();
    host.end(code);
  } finally {
    clearInterval(alive);
  }
}

/** From start to stop of one service. */
class ServiceLife {
  readonly #logger: Logger;
  readonly #stop = new AbortController();
  readonly #deadlineMs: number;

  constructor(host: ServiceHost, logger: Logger, deadlineMs: number) {
    this.#logger = logger;
    this.#deadlineMs = deadlineMs;
    host.onStopSignal((signal) => {
      const isRepeated = this.#stop.signal.aborted;
      logger.info({ signal }, isRepeated ? 'already stopping' : 'stopping');
      this.#stop.abort();
    });
  }

  /** Resolves with the exit code once the service has stopped or failed. */
  async run(start: (stopping: AbortSignal) => Promise<AsyncDisposable>): Promise<number> {
    const { signal } = this.#stop;
    const stopped = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => {
        resolve();
      });
    });
    const started = start(signal);
    try {
      await Promise.race([started, stopped]);
    } catch (error) {
      this.#logger.error({ err: error }, 'could not start');
      return exitCodes.failed;
    }
    await stopped;
    return this.#finish(started);
  }

  async #finish(started: Promise<AsyncDisposable>): Promise<number> {
    const late = Promise.withResolvers<'late'>();
    const cancel = systemClock.schedule(this.#deadlineMs, () => {
      late.resolve('late');
    });
    try {
      const outcome = await Promise.race([started.then((service) => service[Symbol.asyncDispose]()), late.promise]);
      if (outcome === 'late') {
        this.#logger.error({ deadline_ms: this.#deadlineMs }, 'did not stop in time');
        return exitCodes.failed;
      }
      this.#logger.info({}, 'stopped');
      return exitCodes.ok;
    } catch (error) {
      if (error instanceof Error && error === this.#stop.signal.reason) return exitCodes.ok;
      this.#logger.error({ err: error }, 'failed while stopping');
      return exitCodes.failed;
    } finally {
      cancel();
    }
  }
}
