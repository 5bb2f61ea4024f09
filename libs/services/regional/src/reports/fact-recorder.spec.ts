import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryStore } from '@rackwright/adapter-memory-store';
import { keyspace, OUTBOX_PREFIX, type EventEnvelope } from '@rackwright/contracts';
import { approveTask, cancelTask, createTask, type MachineReport, type Task } from '@rackwright/domain-provisioning';
import { formatInstant, silentLogger, type EpochMs, type Idc, type Mac, type Sn } from '@rackwright/kernel';
import { Metrics } from '@rackwright/platform';
import { ManualClock, MemoryDisk, MemoryJournal, SeededRandom } from '@rackwright/testing';
import { RegionState } from '../region-view/region-state.js';
import { ViewSync } from '../region-view/view-sync.js';
import { FactDrain } from './fact-drain.js';
import { FactJournal } from './fact-journal.js';
import { FactCounters } from './fact-metrics.js';
import { FactRecorder } from './fact-recorder.js';
import { FactWriter } from './fact-writer.js';

const idc = 'dc1' as Idc;
const sn = 'sn-001' as Sn;
const mac = '001a2b3c4d5e' as Mac;
const taskKey = keyspace.task.key({ idc, sn });

function at(second: number): ReturnType<typeof formatInstant> {
  return formatInstant((Date.UTC(2026, 0, 1) + second * 1_000) as EpochMs);
}

function approvedTask(): Task {
  const identity = { idc, sn, mac, os_type: 'ubuntu', os_version: '22.04', profile: 'ubuntu-22.04' };
  const request = { ...identity, ssh_keys: [], packages: [], kernel_args: '', tags: {}, priority: 5 };
  const birth = { taskId: 'task-0a1b2c3d', bootToken: 'secret-token', at: at(0), by: 'test' };
  const created = createTask(request, birth, undefined);
  if (!created.ok) throw new Error('a first task is always created');
  const approved = approveTask(created.value.task, { by: 'test', at: at(1) });
  if (!approved.ok) throw new Error('a pending task is always approved');
  return approved.value.task;
}

function progress(percent: number, second = 10 + percent): MachineReport {
  return { kind: 'progress', taskId: 'task-0a1b2c3d', at: at(second), step: `step-${percent}`, percent, message: '' };
}

interface Run {
  readonly recorder: FactRecorder;
  readonly drain: FactDrain;
  readonly state: RegionState;
  readonly counters: FactCounters;
  readonly die: () => void;
}

/** A region's recording over a store and a disk that outlive it. */
class Site {
  readonly clock = new ManualClock();
  readonly server = new MemoryStore({ clock: this.clock });
  readonly disk = new MemoryDisk();
  #runs = 0;

  async seed(task: Task): Promise<void> {
    await this.server.transact([], [{ kind: 'put', key: taskKey, value: JSON.stringify(task) }]);
  }

  async start(
    options: { readonly cut?: boolean; readonly maxBytes?: number } = {},
  ): Promise<Run & { store: MemoryStore }> {
    this.#runs += 1;
    const store = this.server.connect();
    const state = new RegionState(idc, silentLogger);
    const sync = new ViewSync({ idc, store }, state, silentLogger);
    await sync.synced;
    if (options.cut === true) store.cut();
    const counters = new FactCounters(new Metrics({ processMetrics: false }));
    const journal = new FactJournal(new MemoryJournal(this.disk), options.maxBytes ?? 1_000_000);
    const ports = { idc, store, state, counters, journal, clock: this.clock, logger: silentLogger };
    const writer = new FactWriter(ports);
    const drain = new FactDrain({ ...ports, instance: 'a', writer, random: new SeededRandom(this.#runs) });
    const recorder = new FactRecorder({ ...ports, writer, drain });
    await recorder.restore();
    return { recorder, drain, state, counters, store, die: () => void store[Symbol.asyncDispose]() };
  }

  async task(): Promise<Task> {
    const entry = await this.server.get(taskKey);
    if (entry === undefined) throw new Error('no task');
    return JSON.parse(entry.value) as Task;
  }

  async events(): Promise<readonly EventEnvelope[]> {
    const { entries } = await this.server.list(OUTBOX_PREFIX);
    return entries.map(({ value }) => JSON.parse(value) as EventEnvelope);
  }

  /** Lets retries come and go until nothing is kept. */
  async settle(run: Run): Promise<void> {
    for (let turn = 0; turn < 50 && run.drain.isNeeded; turn += 1) await this.clock.advanceSettling(5_000);
    expect(run.drain.isNeeded).toBe(false);
  }
}

async function steps(site: Site): Promise<readonly string[]> {
  return (await site.task()).progress.map(({ step }) => step);
}

describe('FactRecorder', () => {
  it('writes task, node and events in one step', async () => {
    const site = new Site();
    await site.seed(approvedTask());
    const { recorder } = await site.start();
    const taken = await recorder.report(sn, progress(10));
    expect(taken.ok && taken.value.status).toBe('installing');
    const node = await site.server.get(keyspace.node.key({ idc, mac }));
    expect(JSON.parse(node?.value ?? '{}')).toMatchObject({ status: 'installing', sn });
    const types = (await site.events()).map(({ type }) => type).sort();
    expect(types).toEqual(['node.status_changed', 'task.progressed', 'task.started']);
  });

  it('refuses a report of another attempt and changes nothing', async () => {
    const site = new Site();
    await site.seed(approvedTask());
    const { recorder } = await site.start();
    const taken = await recorder.report(sn, { ...progress(10), taskId: 'task-ffffffff' });
    expect(taken.ok ? undefined : taken.fault.code).toBe('task-mismatch');
    expect(await site.events()).toEqual([]);
    expect(await recorder.report('stranger' as Sn, progress(1))).toMatchObject({ fault: { code: 'task-not-found' } });
  });

  it('keeps reports on disk while etcd is away, shows them, and writes them in order once', async () => {
    const site = new Site();
    await site.seed(approvedTask());
    const run = await site.start();
    await run.recorder.report(sn, progress(10));
    run.store.cut();
    for (const [index, percent] of [20, 30, 25, 40].entries()) {
      const taken = await run.recorder.report(sn, progress(percent, 50 + index));
      expect(taken.ok).toBe(true);
    }
    expect(run.state.taskBySn(sn)?.percent).toBe(40);
    expect((await site.task()).percent).toBe(10);
    run.store.heal();
    await site.settle(run);
    expect(await steps(site)).toEqual(['step-10', 'step-20', 'step-30', 'step-25', 'step-40']);
    expect((await site.task()).progress.map(({ percent }) => percent)).toEqual([10, 20, 30, 30, 40]);
    expect((await site.events()).filter(({ type }) => type === 'task.progressed')).toHaveLength(5);
    expect(site.disk.records.size).toBe(0);
  });

  it('counts a write whose reply was lost once', async () => {
    const site = new Site();
    await site.seed(approvedTask());
    const run = await site.start();
    run.store.loseNextReply();
    expect((await run.recorder.report(sn, progress(10))).ok).toBe(true);
    await site.settle(run);
    expect(await steps(site)).toEqual(['step-10']);
    const logs: MachineReport = { kind: 'logs', taskId: 'task-0a1b2c3d', at: at(90), lines: ['a', 'b'] };
    run.store.loseNextReply();
    await run.recorder.report(sn, logs);
    await site.settle(run);
    expect((await site.task()).logs).toEqual(['a', 'b']);
  });

  it('logs and drops what no longer applies when etcd is back', async () => {
    const site = new Site();
    await site.seed(approvedTask());
    const run = await site.start();
    run.store.cut();
    await run.recorder.report(sn, progress(10));
    const cancelled = cancelTask(await site.task(), { by: 'someone', at: at(50) });
    if (!cancelled.ok) throw new Error('an approved task can be cancelled');
    await site.seed(cancelled.value.task);
    run.store.heal();
    await site.settle(run);
    expect((await site.task()).status).toBe('cancelled');
    expect(run.state.taskBySn(sn)?.status).toBe('cancelled');
    expect(run.counters.get('refused-on-replay')).toBe(1);
  });

  it('says so when the disk limit is reached', async () => {
    const site = new Site();
    await site.seed(approvedTask());
    const run = await site.start({ maxBytes: 600 });
    run.store.cut();
    const outcomes: string[] = [];
    for (const percent of [1, 2, 3, 4, 5, 6]) {
      const taken = await run.recorder.report(sn, progress(percent));
      outcomes.push(taken.ok ? 'kept' : taken.fault.code);
    }
    expect(outcomes[0]).toBe('kept');
    expect(outcomes.at(-1)).toBe('journal-full');
  });

  it('does not answer for what neither etcd nor the disk has', async () => {
    const site = new Site();
    await site.seed(approvedTask());
    const run = await site.start();
    run.store.cut();
    site.disk.isFull = true;
    await expect(run.recorder.report(sn, progress(10))).rejects.toMatchObject({ code: 'disk-failed' });
    expect(run.state.taskBySn(sn)?.percent).toBe(0);
  });

  it('decides again when another writer was faster', async () => {
    const site = new Site();
    await site.seed(approvedTask());
    const run = await site.start();
    const rival = await site.start();
    await Promise.all([
      run.recorder.report(sn, progress(10)),
      rival.recorder.report(sn, progress(20)),
      run.recorder.report(sn, progress(30)),
    ]);
    const written = await steps(site);
    expect(written.at(-1)).toBe('step-30');
    expect(written).toContain('step-10');
    expect(run.counters.get('lost-race') + rival.counters.get('lost-race')).toBeGreaterThan(0);
    const started = (await site.events()).filter(({ type }) => type === 'task.started');
    expect(started).toHaveLength(1);
  });

  it('neither loses nor doubles anything, whenever the link breaks and the process dies', async () => {
    const action = fc.constantFrom('report', 'log', 'cut', 'heal', 'lose-reply', 'die', 'wait');
    const story = fc.array(action, { minLength: 5, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(story, async (actions) => {
        const site = new Site();
        await site.seed(approvedTask());
        let run = await site.start();
        const answered: string[] = [];
        const logged: string[] = [];
        let percent = 0;
        for (const what of actions) {
          if (what === 'cut') run.store.cut();
          else if (what === 'heal') run.store.heal();
          else if (what === 'lose-reply') run.store.loseNextReply();
          else if (what === 'wait') await site.clock.advanceSettling(700);
          else if (what === 'die') {
            run.die();
            run = await site.start();
          } else if (what === 'log') {
            const lines = [`line ${logged.length}`, 'same'];
            const taken = await run.recorder.report(sn, { kind: 'logs', taskId: 'task-0a1b2c3d', at: at(9), lines });
            if (taken.ok) logged.push(...lines);
          } else {
            percent += 1;
            const taken = await run.recorder.report(sn, progress(percent));
            if (taken.ok) answered.push(`step-${percent}`);
          }
        }
        run.store.heal();
        await site.settle(run);
        expect(await steps(site)).toEqual(answered);
        expect((await site.task()).logs).toEqual(logged);
        const told = (await site.events()).filter(({ type }) => type === 'task.progressed');
        expect(told).toHaveLength(answered.length);
        run.die();
      }),
      { numRuns: 200 },
    );
  });
});
