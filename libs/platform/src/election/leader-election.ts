import type { Comparison, HeldLease, Revision, Store, Watch } from '@rackwright/contracts';
import { backoffMs, sleep, type Backoff, type Clock, type Logger, type Random } from '@rackwright/kernel';
import { Vacancy } from './vacancy.js';

/**
 * What the leader does. It runs until `signal` is aborted and must return then; before every effect that only the
 * leader may have it asks `isLeader`, and it adds `guard` to the comparisons of its transactions, which makes the
 * store itself refuse a leader that has been replaced.
 */
export type Lead = (signal: AbortSignal, isLeader: () => boolean, guard: Comparison) => Promise<void>;

export interface LeaderElectionOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** The key all candidates compete for. */
  readonly key: string;
  /** Written to the key by the candidate that wins. */
  readonly identity: string;
  /** A leader that dies is replaced within this time, one that resigns at once; default 10. */
  readonly ttlSeconds?: number;
  readonly lead: Lead;
}

interface Term {
  readonly lease: HeldLease;
  /** Revision at which the key was created: no other term has it. */
  readonly revision: Revision;
}

const DEFAULT_TTL_SECONDS = 10;
/** Pause after a lost race, a failed attempt, or a leader that gave up by itself. */
const RETRY_BACKOFF: Backoff = { retryMinMs: 100, retryMaxMs: 2_000 };

/**
 * Lets exactly one of several candidates lead at a time, by a key that lives with the leader's lease. Disposing
 * resigns: the term's signal is aborted, and the key is given up once {@link Lead} has returned.
 */
export class LeaderElection implements AsyncDisposable {
  readonly #options: LeaderElectionOptions;
  readonly #stop = new AbortController();
  readonly #vacancy: Vacancy;
  readonly #watch: Watch;
  readonly #running: Promise<void>;
  #onVacancyChange: () => void = () => undefined;
  #isLeader: () => boolean = () => false;
  #setbacks = 0;

  /** Starts to campaign at once. */
  constructor(options: LeaderElectionOptions) {
    this.#options = options;
    this.#vacancy = new Vacancy(options.key, () => {
      this.#onVacancyChange();
    });
    this.#watch = options.store.watch(options.key, this.#vacancy);
    this.#running = this.#run();
  }

  /** Whether this candidate leads, as certainly as its lease tells. */
  get isLeader(): boolean {
    return this.#isLeader();
  }

  /** The identity of the leader as last seen, which may be out of date. */
  get leader(): string | undefined {
    return this.#vacancy.holder;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the election is over'));
    await this.#running;
    await this.#watch[Symbol.asyncDispose]();
  }

  async #run(): Promise<void> {
    const { clock, random, logger } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await this.#untilVacant();
      try {
        await this.#campaign();
      } catch (error) {
        logger.warn({ err: error, key: this.#options.key }, 'campaign failed');
      }
      this.#setbacks += 1;
      await sleep(clock, backoffMs(RETRY_BACKOFF, this.#setbacks, random), signal).catch(() => undefined);
    }
  }

  async #untilVacant(): Promise<void> {
    const { signal } = this.#stop;
    if (!this.#vacancy.isVacant) this.#setbacks = 0;
    const vacant = Promise.withResolvers<undefined>();
    const look = (): void => {
      if (this.#vacancy.isVacant || signal.aborted) vacant.resolve(undefined);
    };
    this.#onVacancyChange = look;
    signal.addEventListener('abort', look);
    look();
    await vacant.promise;
    signal.removeEventListener('abort', look);
  }

  /** Tries to win one term and serves it. A creation of unknown outcome is undone with its lease. */
  async #campaign(): Promise<void> {
    if (this.#stop.signal.aborted) return;
    const { store, key, identity, ttlSeconds = DEFAULT_TTL_SECONDS } = this.#options;
    await using lease = await store.holdLease(ttlSeconds);
    const { committed, revision } = await store.transact(
      [{ key, exists: false }],
      [{ kind: 'put', key, value: identity, leaseId: lease.id }],
    );
    if (!committed) return;
    this.#setbacks = 0;
    await this.#serve({ lease, revision });
  }

  async #serve(term: Term): Promise<void> {
    const { key, identity, lead, logger } = this.#options;
    const end = this.#endOf(term);
    this.#isLeader = (): boolean => !end.signal.aborted && term.lease.isHeld();
    logger.info({ key, identity }, 'leadership won');
    try {
      await lead(end.signal, this.#isLeader, { key, modRevision: term.revision });
    } catch (error) {
      logger.error({ err: error, key }, 'leader failed');
    } finally {
      end.abort(new Error('the term is over'));
      logger.info({ key, identity }, 'leadership ended');
    }
  }

  /** Aborted when the lease or the key is lost, or the candidate resigns. */
  #endOf(term: Term): AbortController {
    const end = new AbortController();
    void term.lease.lost.then(() => {
      end.abort(new Error('the lease is lost'));
    });
    this.#onVacancyChange = (): void => {
      if (this.#vacancy.contradicts(this.#watch, term.revision)) end.abort(new Error('the key is lost'));
    };
    const { signal } = this.#stop;
    const onStop = (): void => {
      end.abort(signal.reason);
    };
    signal.addEventListener('abort', onStop, { signal: end.signal });
    if (signal.aborted) onStop();
    return end;
  }
}
