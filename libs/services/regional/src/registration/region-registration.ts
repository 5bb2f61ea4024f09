import {
  decodeRecord,
  keyspace,
  type Comparison,
  type HeldLease,
  type RegionHeartbeatRecord,
  type RegionInfoRecord,
  type Revision,
  type Store,
} from '@rackwright/contracts';
import { backoffMs, formatInstant, sleep, type Clock, type Idc, type Logger, type Random } from '@rackwright/kernel';
import type { IdentityDocument } from './instance-identity.js';

const LEASE_SECONDS = 30;
const BEAT_EVERY_MS = 5_000;
/** How often a standby looks whether the place is free. */
const STANDBY_LOOKS_EVERY_MS = 1_000;
const RETRY = { retryMinMs: 200, retryMaxMs: 5_000 } as const;

/** An etcd that is there answers sooner; a region that has to do without one does not wait for a deadline. */
const UNREGISTERED_AFTER_MS = 500;

/**
 * What this instance is to its IDC. `unregistered`: etcd has not answered since the start, so nobody knows.
 */
export type RegionRole = 'starting' | 'unregistered' | 'active' | 'standby';

/** What changes from one heartbeat to the next. */
type HeartbeatFacts = Pick<RegionHeartbeatRecord, 'counters' | 'journal_length' | 'view_revision'>;

export interface RegistrationParts {
  readonly idc: Idc;
  readonly store: Store;
  readonly identity: IdentityDocument;
  readonly facts: () => Omit<RegionInfoRecord, 'idc' | 'instance' | 'started_at'>;
  readonly heartbeat: () => HeartbeatFacts;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Holds the region's place in etcd: facts, and a heartbeat on a lease. A second instance of the IDC waits for it. */
export class RegionRegistration implements AsyncDisposable {
  readonly #parts: RegistrationParts;
  readonly #key: string;
  readonly #stopped = new AbortController();
  readonly #listeners = new Set<(role: RegionRole) => void>();
  #role: RegionRole = 'starting';
  #holder: string | undefined;
  #running: Promise<void> | undefined;

  constructor(parts: RegistrationParts) {
    this.#parts = parts;
    this.#key = keyspace.regionHeartbeat.key({ idc: parts.idc });
  }

  get role(): RegionRole {
    return this.#role;
  }

  /** This installation. */
  get instance(): string {
    return this.#parts.identity.identity.instance;
  }

  /** The instance that serves the IDC while this one is on standby. */
  get holder(): string | undefined {
    return this.#holder;
  }

  onRole(listener: (role: RegionRole) => void): void {
    this.#listeners.add(listener);
  }

  /** Registers, and keeps at it until disposed. */
  start(): void {
    if (this.#running !== undefined) return;
    this.#parts.clock.schedule(UNREGISTERED_AFTER_MS, () => {
      if (this.#role === 'starting' && !this.#isStopped()) this.#become('unregistered');
    });
    this.#running = this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.abort(new Error('registration ended'));
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      try {
        if (await this.#serveOnce()) attempt = 0;
        else await this.#pause(STANDBY_LOOKS_EVERY_MS);
      } catch (error) {
        if (this.#isStopped()) return;
        if (this.#role === 'starting') this.#become('unregistered');
        if (attempt === 1) this.#parts.logger.warn({ err: error }, 'region is not registered; trying again');
        await this.#pause(backoffMs(RETRY, attempt, this.#parts.random));
      }
    }
  }

  /** Takes the place and holds it until the lease is lost; `false` while another instance has it. */
  async #serveOnce(): Promise<boolean> {
    const { store } = this.#parts;
    const place = await this.#look();
    if (place === undefined) return false;
    const lease = await store.holdLease(LEASE_SECONDS);
    try {
      const revision = await this.#take(place, lease);
      if (revision === undefined) return true;
      this.#become('active');
      await this.#beat(lease, revision);
      return true;
    } finally {
      await lease[Symbol.asyncDispose]();
    }
  }

  /** The condition under which the place may be taken; `undefined` while another instance holds it. */
  async #look(): Promise<Comparison | undefined> {
    const { store, identity, logger } = this.#parts;
    const entry = await store.get(this.#key);
    if (entry === undefined) return { key: this.#key, exists: false };
    const decoded = decodeRecord(keyspace.regionHeartbeat.schema, entry.value);
    const holder = decoded.ok ? decoded.value.instance : undefined;
    if (holder === identity.identity.instance) return { key: this.#key, modRevision: entry.modRevision };
    if (this.#role !== 'standby') {
      logger.warn({ holder, instance: identity.identity.instance }, 'another instance serves this IDC; standing by');
    }
    this.#holder = holder;
    this.#become('standby');
    return undefined;
  }

  async #take(place: Comparison, lease: HeldLease): Promise<Revision | undefined> {
    const { idc, store, identity, facts, clock } = this.#parts;
    const { instance } = identity.identity;
    const info: RegionInfoRecord = { ...facts(), idc, instance, started_at: formatInstant(clock.now()) };
    const outcome = await store.transact(
      [place],
      [
        { kind: 'put', key: this.#key, value: this.#heartbeat(), leaseId: lease.id },
        { kind: 'put', key: keyspace.regionInfo.key({ idc }), value: JSON.stringify(info) },
      ],
    );
    return outcome.committed ? outcome.revision : undefined;
  }

  /** Rewrites the heartbeat until the lease is lost or somebody else has the place. */
  async #beat(lease: HeldLease, takenAt: Revision): Promise<void> {
    const { store, logger } = this.#parts;
    const lost = new AbortController();
    void lease.lost.then(() => {
      lost.abort(new Error('lease lost'));
    });
    const ended = AbortSignal.any([lost.signal, this.#stopped.signal]);
    let modRevision = takenAt;
    for (;;) {
      await sleep(this.#parts.clock, BEAT_EVERY_MS, ended).catch(() => undefined);
      if (ended.aborted) return;
      const put = { kind: 'put', key: this.#key, value: this.#heartbeat(), leaseId: lease.id } as const;
      try {
        const outcome = await store.transact([{ key: this.#key, modRevision }], [put]);
        // Somebody else wrote the key: look again who has the place.
        if (!outcome.committed) return;
        modRevision = outcome.revision;
      } catch (error) {
        logger.debug({ err: error }, 'heartbeat not written');
        const found = await store.get(this.#key).catch(() => undefined);
        if (found?.leaseId === lease.id) modRevision = found.modRevision;
      }
    }
  }

  #heartbeat(): string {
    const { identity, clock, heartbeat } = this.#parts;
    const record: RegionHeartbeatRecord = {
      instance: identity.identity.instance,
      at: formatInstant(clock.now()),
      ...heartbeat(),
    };
    return JSON.stringify(record);
  }

  #become(role: RegionRole): void {
    if (this.#role === role) return;
    this.#role = role;
    if (role === 'active') {
      this.#holder = undefined;
      this.#parts.logger.info({ instance: this.#parts.identity.identity.instance }, 'region registered');
    }
    for (const listener of this.#listeners) listener(role);
  }

  #isStopped(): boolean {
    return this.#stopped.signal.aborted;
  }

  async #pause(delayMs: number): Promise<void> {
    await sleep(this.#parts.clock, delayMs, this.#stopped.signal).catch(() => undefined);
  }
}
