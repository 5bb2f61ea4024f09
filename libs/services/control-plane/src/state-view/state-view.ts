import type { Cancel, Clock, Logger } from '@rackwright/kernel';
import { ROOT_PREFIX, type Change, type Revision, type Store, type Watch } from '@rackwright/contracts';
import type { CounterMetric, GaugeMetric, Metrics } from '@rackwright/platform';
import { SiteState } from './site-state.js';
import { stateMetrics } from './state-metrics.js';

/** The view is normally a millisecond behind; a read that waited this long lists the store instead. */
const CATCH_UP_MS = 250;

export interface StateViewParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

interface Waiter {
  readonly target: Revision;
  readonly resolve: (reached: boolean) => void;
}

/** `/os/` in memory, fed by one watch. */
export class StateView implements AsyncDisposable {
  /** The view as far as the watch has delivered it; use {@link fresh} to answer a person. */
  readonly live = new SiteState();
  readonly #parts: StateViewParts;
  readonly #watch: Watch;
  readonly #waiters = new Set<Waiter>();
  readonly #listeners = new Set<() => void>();
  readonly #invalid: GaugeMetric<never>;
  readonly #connected: GaugeMetric<never>;
  readonly #fallbacks: CounterMetric<never>;
  #invalidSeen = 0;
  #isWhole = false;
  #syncedAtMs: number | undefined;

  constructor(parts: StateViewParts) {
    this.#parts = parts;
    this.#invalid = parts.metrics.gauge(stateMetrics.invalidRecords);
    this.#connected = parts.metrics.gauge(stateMetrics.connected);
    this.#fallbacks = parts.metrics.counter(stateMetrics.fallbackReads);
    this.#watch = parts.store.watch(ROOT_PREFIX, {
      onChanges: (changes, revision) => {
        this.#onChanges(changes, revision);
      },
      onSynced: (revision) => {
        this.#onSynced(revision);
      },
      onDisconnected: () => {
        this.#syncedAtMs = undefined;
        this.#connected.set(0);
      },
    });
  }

  /** Since when the view is up to date, on the monotonic clock; `undefined` while the watch is broken. */
  get syncedAtMs(): number | undefined {
    return this.#syncedAtMs;
  }

  /** Whether the contents have been delivered once; before, they come page by page, in the order of their keys. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  get revision(): Revision {
    return this.#watch.revision;
  }

  /** Resolves once the contents have been delivered for the first time. */
  get synced(): Promise<void> {
    return this.#watch.synced;
  }

  /** Calls `listener` after every change, until cancelled. */
  onChanged(listener: () => void): Cancel {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * State that includes every write completed before the call, through whichever replica it went. The view, if it
   * catches up with the store's revision soon; otherwise what the store lists below `prefixes`.
   * Rejects with `OperationalError` `store-unavailable`.
   */
  async fresh(...prefixes: readonly string[]): Promise<SiteState> {
    const target = await this.#parts.store.currentRevision();
    if (await this.#reaches(target)) return this.live;
    this.#fallbacks.increment();
    const state = new SiteState();
    for (const prefix of prefixes.length === 0 ? [ROOT_PREFIX] : prefixes) {
      const { entries } = await this.#parts.store.list(prefix);
      state.apply(entries.map((entry) => ({ kind: 'put', entry })));
    }
    return state;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listeners.clear();
    await this.#watch[Symbol.asyncDispose]();
    this.#settle(() => true, false);
  }

  #reaches(target: Revision): Promise<boolean> {
    if (this.revision >= target) return Promise.resolve(true);
    return new Promise((resolve) => {
      const waiter = { target, resolve };
      this.#waiters.add(waiter);
      this.#parts.clock.schedule(CATCH_UP_MS, () => {
        if (this.#waiters.delete(waiter)) resolve(this.revision >= target);
      });
    });
  }

  #onChanges(changes: readonly Change[], revision: Revision): void {
    this.live.apply(changes);
    this.#reportInvalid();
    if (this.#isWhole) this.#settle(({ target }) => target <= revision, true);
    for (const listener of this.#listeners) listener();
  }

  #onSynced(revision: Revision): void {
    this.#isWhole = true;
    this.#syncedAtMs = this.#parts.clock.monotonicMs();
    this.#connected.set(1);
    this.#settle(({ target }) => target <= revision, true);
    for (const listener of this.#listeners) listener();
  }

  #settle(isMet: (waiter: Waiter) => boolean, reached: boolean): void {
    for (const waiter of this.#waiters) {
      if (!isMet(waiter)) continue;
      this.#waiters.delete(waiter);
      waiter.resolve(reached);
    }
  }

  #reportInvalid(): void {
    const invalid = this.live.invalid();
    this.#invalid.set(invalid.length);
    if (invalid.length > this.#invalidSeen) {
      const records = invalid.slice(0, 10).map(({ key, errors }) => ({ key, errors: errors.slice(0, 3) }));
      this.#parts.logger.warn({ count: invalid.length, records }, 'stored records break their schema');
    }
    this.#invalidSeen = invalid.length;
  }
}
