import type { Clock } from '@rackwright/kernel';

/** Something the service cannot serve without. */
export interface ReadinessCheck {
  /** The dependency in the product's words: `etcd`, `nats`, `snapshot`. */
  readonly name: string;
  /** Resolves when the dependency answers; rejects with the reason otherwise. */
  readonly check: () => Promise<unknown>;
  /** Default 2 s. */
  readonly timeoutMs?: number;
}

/** How one check went. */
export interface CheckResult {
  readonly name: string;
  readonly ok: boolean;
  readonly duration_ms: number;
  readonly detail?: string;
}

const DEFAULT_TIMEOUT_MS = 2_000;

/** Whether the service can serve. Checks run at once, each with its own deadline; concurrent questions share one run. */
export class Health {
  readonly #checks: readonly ReadinessCheck[];
  readonly #clock: Clock;
  #running: Promise<readonly CheckResult[]> | undefined;
  #draining = false;

  constructor(checks: readonly ReadinessCheck[], clock: Clock) {
    this.#checks = checks;
    this.#clock = clock;
  }

  /** From now on the service is not ready: load balancers send new requests elsewhere. */
  startDraining(): void {
    this.#draining = true;
  }

  get isDraining(): boolean {
    return this.#draining;
  }

  async results(): Promise<readonly CheckResult[]> {
    if (this.#draining) return [{ name: 'service', ok: false, duration_ms: 0, detail: 'is shutting down' }];
    this.#running ??= this.#runAll();
    return this.#running;
  }

  async #runAll(): Promise<readonly CheckResult[]> {
    try {
      return await Promise.all(this.#checks.map((check) => this.#run(check)));
    } finally {
      this.#running = undefined;
    }
  }

  async #run({ name, check, timeoutMs = DEFAULT_TIMEOUT_MS }: ReadinessCheck): Promise<CheckResult> {
    const startedMs = this.#clock.monotonicMs();
    const failure = await this.#failureOf(check, timeoutMs);
    const duration_ms = Math.round(this.#clock.monotonicMs() - startedMs);
    return failure === undefined ? { name, ok: true, duration_ms } : { name, ok: false, duration_ms, detail: failure };
  }

  #failureOf(check: () => Promise<unknown>, timeoutMs: number): Promise<string | undefined> {
    return new Promise((resolve) => {
      const cancel = this.#clock.schedule(timeoutMs, () => {
        resolve(`no answer within ${timeoutMs} ms`);
      });
      const settle = (failure?: string): void => {
        cancel();
        resolve(failure);
      };
      const fail = (error: unknown): void => {
        settle(error instanceof Error ? error.message : String(error));
      };
      try {
        check().then(() => {
          settle();
        }, fail);
      } catch (error) {
        fail(error);
      }
    });
  }
}
