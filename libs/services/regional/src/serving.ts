import type { FastifyInstance } from 'fastify';
import type { Logger } from '@rackwright/kernel';
import { ProblemError } from '@rackwright/platform';
import type { BootPlane } from './boot-plane.port.js';
import type { RegionRole } from './registration/region-registration.js';

/** Routes that answer whether or not the region serves. */
const ALWAYS_OPEN: readonly string[] = ['/health', '/ready', '/metrics', '/openapi.json', '/docs'];

export interface ServingParts {
  readonly plane: BootPlane;
  /** Starts what listens on the bus. */
  readonly openResponders: () => readonly AsyncDisposable[];
  /** Whether this instance served its IDC when it ran last and still knows what it knew. */
  readonly mayServeUnregistered: boolean;
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

  constructor(parts: ServingParts) {
    this.#parts = parts;
  }

  /** Whether machines are answered. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Why machines are not answered. */
  get reason(): string {
    if (!this.#hasView) return 'the view of the data centre has not been read yet';
    return this.#role === 'standby'
      ? 'another instance serves this data centre; standing by'
      : 'the region is not registered';
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
    const mayServe = this.#role === 'active' || (this.#role === 'unregistered' && this.#parts.mayServeUnregistered);
    const opens = mayServe && this.#hasView;
    if (opens === this.#isOpen) return;
    try {
      if (opens) await this.#open();
      else await this.#close();
    } catch (err) {
      this.#parts.logger.error({ err }, opens ? 'region could not start to serve' : 'region could not stop serving');
    }
  }

  async #open(): Promise<void> {
    await this.#parts.plane.start();
    this.#responders = this.#parts.openResponders();
    this.#isOpen = true;
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
