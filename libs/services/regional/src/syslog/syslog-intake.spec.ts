import { describe, expect, it } from 'vitest';
import { approveTask, createTask, type Task } from '@rackwright/domain-provisioning';
import { formatInstant, silentLogger, type EpochMs, type Ipv4 } from '@rackwright/kernel';
import { Metrics } from '@rackwright/platform';
import { ManualClock } from '@rackwright/testing';
import { idc, mac, sn } from '../region-rig.spec.js';
import { RegionState } from '../region-view/region-state.js';
import { MachineAddresses } from './machine-addresses.js';
import { MAX_QUEUED_PER_MACHINE, SyslogIntake } from './syslog-intake.js';
import { SyslogMetrics } from './syslog-metrics.js';

const source = '10.0.0.9' as Ipv4;
const other = '10.0.0.10' as Ipv4;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function approvedTask(taskId: string): Task {
  const at = formatInstant(Date.UTC(2026, 0, 1) as EpochMs);
  const identity = { idc, sn, mac, os_type: 'debian', os_version: '12', profile: 'debian-12' };
  const request = { ...identity, ssh_keys: [], packages: [], kernel_args: '', tags: {}, priority: 5 };
  const created = createTask(request, { taskId, bootToken: 'f'.repeat(32), at, by: 'test' }, undefined);
  const approved = created.ok ? approveTask(created.value.task, { by: 'test', at }) : created;
  if (!approved.ok) throw new Error('a first task is always created and approved');
  return approved.value.task;
}

/** An intake whose log the test fills and empties. */
function setUp(rate = { perSecond: 1_000_000, burst: 1_000_000 }) {
  const clock = new ManualClock();
  const metrics = new Metrics({ processMetrics: false });
  const view = new RegionState(idc, silentLogger);
  const leases = { find: () => undefined };
  const taken: string[] = [];
  const gates: (() => void)[] = [];
  const log = { hasRoom: true, isSlow: false, fails: false };
  const intake = new SyslogIntake({
    ...{ view, clock, rate, logger: silentLogger },
    addresses: new MachineAddresses({ view, leases, clock }),
    metrics: new SyslogMetrics(metrics, () => 0),
    installLog: {
      take: async (task, entries) => {
        if (log.isSlow) await new Promise<void>((resolve) => gates.push(resolve));
        if (log.fails) throw new Error('disk failed');
        if (log.hasRoom) taken.push(...entries.map(({ text }) => `${task.task_id} ${text}`));
        return log.hasRoom;
      },
    },
  });
  view.useSite({ subnets: [], reservations: new Map([[mac, { mac, ip: source, allow_netboot: true }]]) });
  const count = async (transport: string, result: string): Promise<number> => {
    const series = `rw_syslog_messages_total{transport="${transport}",result="${result}"} `;
    const line = (await metrics.render()).split('\n').find((text) => text.startsWith(series));
    return Number(line?.slice(series.length) ?? 0);
  };
  const flushed = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn += 1) {
      await Promise.resolve();
      clock.advance(100);
      for (const open of gates.splice(0)) open();
    }
    await intake.idle();
  };
  return { clock, view, intake, taken, log, count, flushed, gates };
}

function give(intake: SyslogIntake, text: string, from = source): void {
  void intake.take(bytes(text), from, 'udp');
}

describe('SyslogIntake', () => {
  it('passes the lines of a machine with an unfinished task on, in order and together', async () => {
    const { intake, view, taken, count, flushed } = setUp();
    view.adopt(`/os/${idc}/machines/${sn}/task`, approvedTask('task-00000001'), 1n);
    give(intake, '<30>a: one');
    void intake.take(bytes('<30>a: two'), source, 'tcp');
    await flushed();
    expect(taken).toEqual(['task-00000001 a: one', 'task-00000001 a: two']);
    expect(await count('udp', 'kept')).toBe(1);
    expect(await count('tcp', 'kept')).toBe(1);
  });

  it('counts what it cannot join to an unfinished task', async () => {
    const { intake, view, taken, count, flushed } = setUp();
    give(intake, '<30>a: nobody', other);
    give(intake, '<30>a: nothing to do');
    view.adopt(`/os/${idc}/machines/${sn}/task`, { ...approvedTask('task-00000001'), status: 'completed' }, 1n);
    give(intake, '<30>a: done');
    await flushed();
    expect(taken).toEqual([]);
    expect(await count('udp', 'unknown-source')).toBe(1);
    expect(await count('udp', 'no-task')).toBe(2);
  });

  it('finds a machine by its node, once the view tells of one', async () => {
    const { intake, view, clock, taken, flushed } = setUp();
    view.adopt(`/os/${idc}/machines/${sn}/task`, approvedTask('task-00000001'), 1n);
    give(intake, '<30>a: too early', other);
    const node = { mac, idc, ip: other, status: 'installing', dns: [], created_at: 'x', updated_at: 'x' };
    view.adopt(`/os/${idc}/nodes/${mac}`, node, 2n);
    clock.advance(1_000);
    give(intake, '<30>a: found', other);
    await flushed();
    expect(taken).toEqual(['task-00000001 a: found']);
  });

  it('limits each source, and lets it go on after a while', async () => {
    const { intake, view, clock, taken, count, flushed } = setUp({ perSecond: 10, burst: 3 });
    view.adopt(`/os/${idc}/machines/${sn}/task`, approvedTask('task-00000001'), 1n);
    for (let index = 0; index < 5; index += 1) give(intake, `<30>a: ${index}`);
    expect(await count('udp', 'rate-limited')).toBe(2);
    clock.advance(100);
    give(intake, '<30>a: later');
    await flushed();
    expect(taken.map((line) => line.slice(-1))).toEqual(['0', '1', '2', 'r']);
  });

  it('holds a bounded number of lines while the log is slow, and tells its sender to wait', async () => {
    const { intake, view, log, taken, count, flushed } = setUp();
    view.adopt(`/os/${idc}/machines/${sn}/task`, approvedTask('task-00000001'), 1n);
    log.isSlow = true;
    give(intake, '<30>a: 0');
    const answers = Array.from({ length: MAX_QUEUED_PER_MACHINE + 10 }, (_, index) =>
      intake.take(bytes(`<30>a: ${index + 1}`), source, 'udp'),
    );
    expect(answers[0]).toBeUndefined();
    expect(answers.at(-1)).toBeInstanceOf(Promise);
    expect(await count('udp', 'queue-full')).toBe(11);
    log.isSlow = false;
    await flushed();
    expect(taken).toHaveLength(MAX_QUEUED_PER_MACHINE);
    give(intake, '<30>a: room again');
    await flushed();
    expect(taken.at(-1)).toBe('task-00000001 a: room again');
  });

  it('counts what neither the stream nor the disk took', async () => {
    const { intake, view, log, count, flushed } = setUp();
    view.adopt(`/os/${idc}/machines/${sn}/task`, approvedTask('task-00000001'), 1n);
    log.hasRoom = false;
    give(intake, '<30>a: lost');
    await flushed();
    log.fails = true;
    give(intake, '<30>a: lost too');
    await flushed();
    expect(await count('udp', 'not-kept')).toBe(2);
  });
});
