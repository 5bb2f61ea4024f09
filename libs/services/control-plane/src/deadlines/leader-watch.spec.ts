import { MemoryStore } from '@rackwright/adapter-memory-store';
import { createTask, approveTask, defaultDeadlines, type Task } from '@rackwright/domain-provisioning';
import { encodeRecord, keyspace, LEADER_KEY, OUTBOX_PREFIX, type Comparison } from '@rackwright/contracts';
import { formatInstant, silentLogger, type Idc, type Mac, type Sn } from '@rackwright/kernel';
import { Metrics } from '@rackwright/platform';
import { ManualClock } from '@rackwright/testing';
import { describe, expect, it } from 'vitest';
import { StateView } from '../state-view/state-view.js';
import { DeadlineEnforcer } from './deadline-enforcer.js';
import { PresenceAnnouncer } from './presence-announcer.js';

const MINUTE_MS = 60_000;
const GRACE_MS = 60_000;
const PLACE = { idc: 'dc1', sn: 'sn-1' } as const;
const NEVER = new AbortController().signal;

class Watch implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly store = new MemoryStore({ clock: this.clock });
  readonly #metrics = new Metrics({ processMetrics: false });
  readonly view = new StateView({
    store: this.store.connect(),
    clock: this.clock,
    logger: silentLogger,
    metrics: this.#metrics,
  });
  guard: Comparison = { key: LEADER_KEY, exists: true };
  readonly enforcer = new DeadlineEnforcer({
    ...this.#parts(),
    metrics: this.#metrics,
    deadlines: defaultDeadlines,
    graceMs: GRACE_MS,
  });
  readonly announcer = new PresenceAnnouncer(this.#parts());

  static async start(): Promise<Watch> {
    const watch = new Watch();
    await watch.put(LEADER_KEY, 'me');
    await watch.clock.advanceSettling(GRACE_MS);
    return watch;
  }

  async put(key: string, value: object | string): Promise<void> {
    const text = typeof value === 'string' ? value : encodeRecord(value);
    await this.store.transact([], [{ kind: 'put', key, value: text }]);
  }

  /** The region appears, is announced, and has been there long enough for its silence to count. */
  async settledRegion(): Promise<void> {
    await this.heartbeat();
    await this.look();
    await this.clock.advanceSettling(GRACE_MS);
  }

  heartbeat(): Promise<void> {
    const at = formatInstant(this.clock.now());
    const record = { instance: 'i', at, counters: {}, journal_length: 0, view_revision: '1' };
    return this.put(keyspace.regionHeartbeat.key({ idc: 'dc1' }), record);
  }

  async loseRegion(): Promise<void> {
    await this.store.transact([], [{ kind: 'delete', key: keyspace.regionHeartbeat.key({ idc: 'dc1' }) }]);
  }

  async approved(changes: Partial<Task> = {}): Promise<Task> {
    const at = formatInstant(this.clock.now());
    const request = {
      ...{
        idc: 'dc1' as Idc,
        sn: 'sn-1' as Sn,
        mac: '001a2b3c4d5e' as Mac,
        os_type: 'x',
        os_version: '1',
        profile: 'p',
      },
      ...{ ssh_keys: [], packages: [], kernel_args: '', tags: {}, priority: 5 },
    };
    const created = createTask(request, { taskId: 'task-00000001', bootToken: 't', at, by: 'x' }, undefined);
    if (!created.ok) throw new Error('not created');
    const decided = approveTask(created.value.task, { by: 'x', at });
    if (!decided.ok) throw new Error('not approved');
    const task = { ...decided.value.task, ...changes };
    await this.put(keyspace.task.key(PLACE), task);
    return task;
  }

  async installing(): Promise<void> {
    const at = formatInstant(this.clock.now());
    const history = [{ status: 'installing', timestamp: at, by: 'r', reason: '' }] as const;
    await this.approved({ status: 'installing', status_history: history, updated_at: at });
  }

  /** One round of the leader. */
  async look(): Promise<void> {
    await this.announcer.announce(this.guard, NEVER);
    await this.enforcer.enforce(this.guard, NEVER);
  }

  /** Lets time pass in steps of `stepMs`, looking after each. */
  async pass(ms: number, stepMs = MINUTE_MS): Promise<void> {
    for (let passed = 0; passed < ms; passed += stepMs) {
      await this.clock.advanceSettling(stepMs);
      await this.look();
    }
  }

  async task(): Promise<Task> {
    return JSON.parse((await this.store.get(keyspace.task.key(PLACE)))?.value ?? '{}') as Task;
  }

  async events(): Promise<readonly string[]> {
    const { entries } = await this.store.list(OUTBOX_PREFIX);
    const sorted = entries.toSorted((left, right) => Number(left.modRevision - right.modRevision));
    return sorted.map(({ value }) => (JSON.parse(value) as { type: string }).type);
  }

  #parts() {
    return { store: this.store, view: this.view, clock: this.clock, logger: silentLogger };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.view[Symbol.asyncDispose]();
    await this.store[Symbol.asyncDispose]();
  }
}

describe('deadlines', () => {
  it('fail a machine that does not boot within two hours of the approval, once, with the reason', async () => {
    await using watch = await Watch.start();
    await watch.settledRegion();
    await watch.approved();
    await watch.pass(119 * MINUTE_MS);
    expect((await watch.task()).status).toBe('approved');
    await watch.pass(3 * MINUTE_MS);
    const task = await watch.task();
    expect(task.status_history.at(-1)).toMatchObject({
      status: 'failed',
      by: 'deadline',
      reason: expect.stringContaining('did not boot within 120 min') as string,
    });
    expect(await watch.events()).toEqual(['region.came_online', 'task.failed']);
  });

  it('fail an installation that falls silent, unless its region is away', async () => {
    await using watch = await Watch.start();
    await watch.settledRegion();
    await watch.installing();
    await watch.loseRegion();
    await watch.pass(30 * MINUTE_MS);
    expect((await watch.task()).status).toBe('installing');
    await watch.heartbeat();
    await watch.look();
    await watch.pass(GRACE_MS - 1_000, 1_000);
    expect((await watch.task()).status).toBe('installing');
    await watch.pass(5_000, 1_000);
    expect((await watch.task()).status_history.at(-1)?.reason).toContain('no progress for 15 min');
  });

  it('fail an installation that takes too long, also while its region is away', async () => {
    await using watch = await Watch.start();
    await watch.installing();
    await watch.pass(61 * MINUTE_MS);
    expect((await watch.task()).status_history.at(-1)?.reason).toContain('took longer than 60 min');
  });

  it('follow the settings of the data centre', async () => {
    await using watch = await Watch.start();
    await watch.settledRegion();
    await watch.put(keyspace.settings.key({ idc: 'dc1' }), { first_boot_minutes: 5 });
    await watch.approved();
    await watch.pass(6 * MINUTE_MS);
    expect((await watch.task()).status).toBe('failed');
  });

  it('are not enforced by a leader that has been replaced', async () => {
    await using watch = await Watch.start();
    await watch.settledRegion();
    await watch.approved();
    watch.guard = { key: LEADER_KEY, modRevision: 999n };
    await watch.pass(130 * MINUTE_MS);
    expect((await watch.task()).status).toBe('approved');
  });

  it('leave a task alone that moved on since the view last saw it', async () => {
    await using watch = await Watch.start();
    await watch.settledRegion();
    const task = await watch.approved();
    await watch.clock.advanceSettling(130 * MINUTE_MS);
    const enforcing = watch.enforcer.enforce(watch.guard, NEVER);
    await watch.put(keyspace.task.key(PLACE), { ...task, status: 'completed' });
    await enforcing;
    expect((await watch.task()).status).toBe('completed');
  });
});

describe('the presence of regions', () => {
  it('is announced once per change, by however many leaders', async () => {
    await using watch = await Watch.start();
    const other = new PresenceAnnouncer({ ...watch, logger: silentLogger });
    for (const change of [() => watch.heartbeat(), () => watch.loseRegion(), () => watch.heartbeat()]) {
      await change();
      await Promise.all([watch.look(), other.announce(watch.guard, NEVER), watch.look()]);
      await watch.pass(5_000, 1_000);
    }
    expect(await watch.events()).toEqual(['region.came_online', 'region.went_offline', 'region.came_online']);
  });
});
