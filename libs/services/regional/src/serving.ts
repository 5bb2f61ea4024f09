import type { FastifyInstance } from 'fastify';
import { backoffMs, type Cancel, type Clock, type Logger, type Random } from '@rackwright/kernel';
import { ProblemError } from '@rackwright/platform';
import type { BootPlane } from './boot-plane.port.js';
import type { RegionRole } from './registration/region-registration.js';

/** Routes that answer whether or not the region serves. */
const ALWAYS_OPEN: readonly string[] = ['/health', '/ready', '/metrics', '/openapi.json', '/docs'];
/** A port still held by somebody else, or a bus that went away just now: both pass. */
const RETRY = { retryMinMs: 200, retryMaxMs: 5_000 } as const;

export interface ServingParts {
  readonly plane: BootPlane;
  /** Starts what listens on the bus. */
  readonly openResponders: () => readonly AsyncDisposable[];
  /** Whether this instance served its IDC when it ran last and still knows what it knew. */
  readonly mayServeUnregistered: boolean;
  /** What the view cannot be read without, and why it is not there. */
  readonly missing?: () => string | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Opens and closes what only one instance of an IDC may do: answer machines, and requests of the control plane. */
export class Serving implements AsyncDisposable {
  readonly #parts: ServingParts;
  #role: RegionRole = 'starting';
  #hasView = false;
  #isOpen = false;
  #responders: readonly AsyncDisposable[] = [];
  #switching: Promise<void> = Promise.resolve();
  #failure: string | undefined;
  #failures = 0;
  #cancelRetry: Cancel | undefined;

  constructor(parts: ServingParts) {
    this.#parts = parts;
  }

  /** Whether machines are answered. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Why machines are not answered. */
  get reason(): string {
    if (!this.#hasView) return this.#parts.missing?.() ?? 'the view of the data centre has not been read yet';
    if (this.#role === 'standby') return 'another instance serves this data centre; standing by';
    return this.#failure ?? 'the region is not registered';
  }

  /** The view may be served from. */
  noteView(): void {
    this.#hasView = true;
    this.#update();
  }

  noteRole(role: RegionRole): void {
    this.#role = role;
    this.#update();
  }

  /** Answers 503 while the region does not serve. */
  guard(fastify: FastifyInstance): void {
    fastify.addHook('onRequest', (request, _reply, done) => {
      const [path = ''] = request.url.split('?', 1);
      if (this.#isOpen || ALWAYS_OPEN.some((open) => path === open || path.startsWith(`${open}/`))) done();
      else done(new ProblemError('not-ready', this.reason, { headers: { 'retry-after': '2' } }));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#role = 'standby';
    this.#update();
    await this.#switching;
    await this.#parts.plane[Symbol.asyncDispose]();
  }

  #update(): void {
    this.#switching = this.#switching.then(() => this.#switch());
  }

  async #switch(): Promise<void> {
    this.#cancelRetry?.();
    const mayServe = this.#role === 'active' || (this.#role === 'unregistered' && this.#parts.mayServeUnregistered);
    const opens = mayServe && this.#hasView;
    if (opens === this.#isOpen) return;
    try {
      if (opens) await this.#open();
      else await this.#close();
    } catch (err) {
      this.#parts.logger.error({ err }, opens ? 'region could not start to serve' : 'region could not stop serving');
      if (opens) this.#retry(err);
    }
  }

  #retry(err: unknown): void {
    const { clock, random } = this.#parts;
    this.#failures += 1;
    this.#failure = `the region could not start to serve: ${err instanceof Error ? err.message : String(err)}`;
    this.#cancelRetry = clock.schedule(backoffMs(RETRY, this.#failures, random), () => {
      this.#update();
    });
  }

  async #open(): Promise<void> {
    const { plane, openResponders } = this.#parts;
    await plane.start();
    try {
      this.#responders = openResponders();
    } catch (error) {
      // Machines that got an address from a region that refuses them everything else would wait for nothing.
      await plane.stop();
      throw error;
    }
    this.#isOpen = true;
    this.#failure = undefined;
    this.#failures = 0;
    this.#parts.logger.info({ role: this.#role }, 'region serves its data centre');
  }

  async #close(): Promise<void> {
    this.#isOpen = false;
    await this.#parts.plane.stop();
    await Promise.all(this.#responders.map((responder) => responder[Symbol.asyncDispose]()));
    this.#responders = [];
    this.#parts.logger.info({ role: this.#role }, 'region stopped serving its data centre');
  }
}
