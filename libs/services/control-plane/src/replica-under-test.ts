import { silentLogger, type Clock, type Random } from '@rackwright/kernel';
import type { MessageBus, Problem, Store, TemplateEngine } from '@rackwright/contracts';
import { Metrics } from '@rackwright/platform';
import { controlPlaneSettings, type ControlPlaneConfig } from './config.js';
import { createControlPlane, type ControlPlane } from './create-control-plane.js';

/** What a replica in a test runs on. */
export interface ReplicaSetup {
  readonly store: Store;
  readonly bus: MessageBus;
  readonly clock: Clock;
  readonly random: Random;
  readonly templates?: TemplateEngine;
  readonly config?: Partial<ControlPlaneConfig>;
}

/** An answer of the API; `body` is its JSON, or its text when it has none. */
export interface ApiAnswer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

export interface CallOptions {
  readonly body?: unknown;
  /** Sent as it is instead of `body`. */
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The settings of a replica that was told nothing, on a free port. */
function defaultConfig(overrides: Partial<ControlPlaneConfig> = {}): ControlPlaneConfig {
  const defaults = Object.entries(controlPlaneSettings).map(([name, { default: value }]) => [name, value] as const);
  return { ...(Object.fromEntries(defaults) as unknown as ControlPlaneConfig), httpPort: 0, ...overrides };
}

/** A replica in this process and a client of its API. */
export class ReplicaUnderTest implements AsyncDisposable {
  readonly metrics: Metrics;
  readonly #replica: ControlPlane;

  private constructor(replica: ControlPlane, metrics: Metrics) {
    this.#replica = replica;
    this.metrics = metrics;
  }

  static async start(setup: ReplicaSetup): Promise<ReplicaUnderTest> {
    const metrics = new Metrics({ processMetrics: false });
    const config = defaultConfig({ deadlineGraceMs: 0, ...setup.config });
    const replica = await createControlPlane({ ...setup, config, metrics, logger: silentLogger, version: '0.0.0' });
    return new ReplicaUnderTest(replica, metrics);
  }

  get url(): string {
    return this.#replica.url;
  }

  get isLeader(): boolean {
    return this.#replica.isLeader;
  }

  get app(): ControlPlane['http']['app'] {
    return this.#replica.http.app;
  }

  async call<T = never>(method: string, path: string, options: CallOptions = {}): Promise<ApiAnswer<T>> {
    const { body, text, headers } = options;
    const sent = text ?? (body === undefined ? undefined : JSON.stringify(body));
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: { ...(sent === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(sent === undefined ? {} : { body: sent }),
    });
    const answered = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') === true;
    return {
      status: response.status,
      headers: response.headers,
      body: (isJson ? JSON.parse(answered) : answered) as T,
    };
  }

  get<T>(path: string): Promise<ApiAnswer<T>> {
    return this.call<T>('GET', path);
  }

  /** A call that is expected to be refused. */
  refused(method: string, path: string, options: CallOptions = {}): Promise<ApiAnswer<Problem>> {
    return this.call<Problem>(method, path, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#replica[Symbol.asyncDispose]();
  }
}
