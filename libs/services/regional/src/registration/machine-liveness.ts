import {
  keyspace,
  MAX_TRANSACTION_OPS,
  type LeaseId,
  type MachineLivenessRecord,
  type Store,
  type Write,
} from '@rackwright/contracts';
import {
  formatInstant,
  type Cancel,
  type Clock,
  type Idc,
  type Instant,
  type Logger,
  type Sn,
} from '@rackwright/kernel';

/** A machine counts as gone this long after its last contact, less one window. */
const LEASE_SECONDS = 30;
/**
 * Machines heard within one window share an etcd lease: hundreds of them cost one lease and a few transactions every
 * ten seconds instead of a lease each. Their keys vanish 20 to 30 s after the last contact.
 */
const WINDOW_MS = 10_000;
/** Contacts are written together after this time. */
const FLUSH_AFTER_MS = 500;
/** Streaks remembered; a machine beyond that merely starts a new one. */
const MAX_STREAKS = 16_384;

interface Streak {
  readonly taskId: string;
  readonly since: Instant;
  lastAtMs: number;
}

interface ContactWindow {
  readonly startedAtMs: number;
  readonly written: Set<Sn>;
  lease: Promise<LeaseId> | undefined;
}

/** Keeps `/os/{idc}/machines/{sn}/lease` alive for machines whose agent is in contact. Best effort by nature. */
export class MachineLiveness implements AsyncDisposable {
  readonly #at: { readonly idc: Idc; readonly store: Store };
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #streaks = new Map<Sn, Streak>();
  readonly #waiting = new Set<Sn>();
  #window: ContactWindow;
  #flushing: Promise<void> = Promise.resolve();
  #due: Cancel | undefined;

  constructor(
    at: { readonly idc: Idc; readonly store: Store },
    ports: { readonly clock: Clock; readonly logger: Logger },
  ) {
    this.#at = at;
    this.#clock = ports.clock;
    this.#logger = ports.logger;
    this.#window = this.#newWindow();
  }

  /** The machine's agent was in contact. Costs nothing when it was so a moment ago. */
  noteContact(sn: Sn, taskId: string): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#window.startedAtMs >= WINDOW_MS) this.#window = this.#newWindow();
    this.#extend(sn, taskId, nowMs);
    if (this.#window.written.has(sn)) return;
    this.#window.written.add(sn);
    this.#waiting.add(sn);
    this.#due ??= this.#clock.schedule(FLUSH_AFTER_MS, () => {
      this.#due = undefined;
      this.#flushing = this.#flushing.then(() => this.#flush());
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#due?.();
    await this.#flushing;
  }

  #newWindow(): ContactWindow {
    return { startedAtMs: this.#clock.monotonicMs(), written: new Set(), lease: undefined };
  }

  #extend(sn: Sn, taskId: string, nowMs: number): void {
    const streak = this.#streaks.get(sn);
    if (streak?.taskId === taskId && nowMs - streak.lastAtMs < LEASE_SECONDS * 1_000) {
      streak.lastAtMs = nowMs;
      return;
    }
    this.#streaks.delete(sn);
    this.#streaks.set(sn, { taskId, since: formatInstant(this.#clock.now()), lastAtMs: nowMs });
    const [oldest] = this.#streaks.keys();
    if (this.#streaks.size > MAX_STREAKS && oldest !== undefined) this.#streaks.delete(oldest);
  }

  async #flush(): Promise<void> {
    const window = this.#window;
    const sns = [...this.#waiting];
    this.#waiting.clear();
    try {
      window.lease ??= this.#at.store.grantLease(LEASE_SECONDS);
      const leaseId = await window.lease;
      for (let start = 0; start < sns.length; start += MAX_TRANSACTION_OPS) {
        const writes = sns.slice(start, start + MAX_TRANSACTION_OPS).flatMap((sn) => this.#write(sn, leaseId));
        await this.#at.store.transact([], writes);
      }
    } catch (error) {
      // The next contact tries again with a new lease; presence that cannot be written is absence.
      window.lease = undefined;
      for (const sn of sns) window.written.delete(sn);
      this.#logger.debug({ err: error, machines: sns.length }, 'machine liveness not written');
    }
  }

  #write(sn: Sn, leaseId: LeaseId): Write[] {
    const streak = this.#streaks.get(sn);
    if (streak === undefined) return [];
    const record: MachineLivenessRecord = { task_id: streak.taskId, since: streak.since };
    const key = keyspace.liveness.key({ idc: this.#at.idc, sn });
    return [{ kind: 'put', key, value: JSON.stringify(record), leaseId }];
  }
}
