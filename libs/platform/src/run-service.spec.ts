import { afterEach, describe, expect, it, vi } from 'vitest';
import { commonSettings } from './config/common-settings.js';
import { exitCodes, runService, type ServiceContext } from './run-service.js';
import type { ServiceHost } from './config/process-host.js';

type Handler = (value: string) => void;

class FakeHost implements ServiceHost {
  readonly input: ServiceHost['input'];
  readonly exits: number[] = [];
  out = '';
  err = '';
  signal: Handler = () => undefined;
  crash: (error: unknown) => void = () => undefined;

  constructor(argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const readTextFile = (): string => '';
    this.input = { argv, env: { RW_LOG_LEVEL: 'silent', ...env }, readTextFile };
  }
  print(text: string): void {
    this.out += text;
  }
  printError(text: string): void {
    this.err += text;
  }
  onStopSignal(handler: Handler): void {
    this.signal = handler;
  }
  onCrash(handler: (error: unknown) => void): void {
    this.crash = handler;
  }
  end(code: number): void {
    this.exits.push(code);
  }
}

const definition = { name: 'regional', version: '1', settings: commonSettings, stopDeadlineMs: 50 };
type Context = ServiceContext<typeof commonSettings>;

/** Starts a service and resolves once it runs. */
async function started(host: FakeHost, service: AsyncDisposable) {
  const ready = Promise.withResolvers<Context>();
  const done = runService(
    definition,
    (context) => {
      ready.resolve(context);
      return Promise.resolve(service);
    },
    host,
  );
  return { context: await ready.promise, done };
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('runService', () => {
  it('exits 78 with every mistake on standard error, and starts nothing', async () => {
    const host = new FakeHost(['--http-port', 'x', '--etcd-endpoints', 'nope']);
    const start = vi.fn();
    await runService(definition, start, host);
    expect(host.exits).toEqual([exitCodes.badConfig]);
    expect(host.err).toMatch(/^2 mistakes.*--http-port.*--etcd-endpoints/s);
    expect(start).not.toHaveBeenCalled();
  });

  it('prints and exits 0 for --help and --print-config', async () => {
    const host = new FakeHost(['--print-config']);
    await runService(definition, vi.fn(), host);
    expect(host.exits).toEqual([0]);
    expect(host.out).toContain('port: 8080');
  });

  it('runs until told to stop, disposes once and exits 0', async () => {
    const host = new FakeHost([], { RW_HTTP_PORT: '9' });
    const dispose = vi.fn(() => Promise.resolve());
    const { context, done } = await started(host, { [Symbol.asyncDispose]: dispose });
    expect(context.config.httpPort).toBe(9);
    expect(context.stopping.aborted).toBe(false);
    host.signal('SIGTERM');
    host.signal('SIGTERM');
    await done;
    expect(context.stopping.aborted).toBe(true);
    expect(dispose).toHaveBeenCalledOnce();
    expect(host.exits).toEqual([0]);
  });

  it('gives up on a service that does not stop in time, and not before', async () => {
    const host = new FakeHost([]);
    const { done } = await started(host, { [Symbol.asyncDispose]: () => new Promise<void>(() => undefined) });
    const askedAt = performance.now();
    host.signal('SIGINT');
    await done;
    expect(performance.now() - askedAt).toBeGreaterThanOrEqual(49);
    expect(host.exits).toEqual([exitCodes.failed]);
  });

  it('exits 1 when the service cannot start or fails to stop', async () => {
    const cannotStart = new FakeHost([]);
    await runService(definition, () => Promise.reject(new Error('no disk')), cannotStart);
    expect(cannotStart.exits).toEqual([exitCodes.failed]);

    const cannotStop = new FakeHost([]);
    const { done } = await started(cannotStop, { [Symbol.asyncDispose]: () => Promise.reject(new Error('stuck')) });
    cannotStop.signal('SIGTERM');
    await done;
    expect(cannotStop.exits).toEqual([exitCodes.failed]);
  });

  it('stops a service that is still starting', async () => {
    const host = new FakeHost([]);
    const dispose = vi.fn(() => Promise.resolve());
    const done = runService(
      definition,
      ({ stopping }) =>
        new Promise((resolve) => {
          stopping.addEventListener('abort', () => {
            resolve({ [Symbol.asyncDispose]: dispose });
          });
          queueMicrotask(() => {
            host.signal('SIGTERM');
          });
        }),
      host,
    );
    await done;
    expect(dispose).toHaveBeenCalledOnce();
    expect(host.exits).toEqual([0]);
  });
});
