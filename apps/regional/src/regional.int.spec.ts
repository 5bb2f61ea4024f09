import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EtcdStore } from '@rackwright/adapter-etcd-store';
import { NatsBus } from '@rackwright/adapter-nats-bus';
import { keyspace, OUTBOX_PREFIX, type EventEnvelope } from '@rackwright/contracts';
import { approveTask, createTask, type Task } from '@rackwright/domain-provisioning';
import { formatInstant, silentLogger, type Idc, type Mac, type Sn } from '@rackwright/kernel';
import {
  freePort,
  launchEtcd,
  launchNats,
  launchService,
  RealClock,
  SeededRandom,
  waitFor,
  type EtcdServer,
  type NatsServer,
  type ServiceProcess,
} from '@rackwright/testing';

const idc = 'dc1' as Idc;
const clock = new RealClock();
const random = new SeededRandom(1);
/** Back-offs of seconds, and a disk and a processor that others use as well. */
const CATCH_UP_WITHIN_MS = 60_000;

let etcd: EtcdServer;
let nats: NatsServer;
let store: EtcdStore;
let bus: NatsBus;
let stateDir: string;
let region: ServiceProcess | undefined;

beforeEach(async () => {
  [etcd, nats] = await Promise.all([launchEtcd(), launchNats()]);
  store = new EtcdStore({ endpoints: [etcd.endpoint], clock, random, logger: silentLogger });
  bus = await NatsBus.connect({ servers: [nats.url], name: 'test', clock, random, logger: silentLogger });
  stateDir = await mkdtemp(join(tmpdir(), 'rackwright-region-'));
});

afterEach(async () => {
  await region?.[Symbol.asyncDispose]();
  region = undefined;
  for (const part of [bus, store, nats, etcd]) await part[Symbol.asyncDispose]();
  await rm(stateDir, { recursive: true, force: true });
});

async function startRegion(until: '/ready' | '/health' = '/ready'): Promise<ServiceProcess> {
  region = await launchService({
    app: 'regional',
    until,
    env: {
      RW_IDC: idc,
      RW_STATE_DIR: stateDir,
      RW_ASSET_DIR: join(stateDir, 'assets'),
      RW_ETCD_ENDPOINTS: etcd.endpoint,
      RW_NATS_URL: nats.url,
      RW_DHCP_MODE: 'off',
      RW_TFTP_PORT: String(await freePort()),
    },
  });
  return region;
}

interface Machine {
  readonly sn: Sn;
  readonly mac: Mac;
  readonly taskId: string;
  readonly token: string;
}

function machine(number: number): Machine {
  const hex = number.toString(16).padStart(8, '0');
  return { sn: `sn-${hex}` as Sn, mac: `0200${hex}` as Mac, taskId: `task-${hex}`, token: `token-of-${hex}` };
}

async function approve({ sn, mac, taskId, token }: Machine): Promise<void> {
  const at = formatInstant(clock.now());
  const identity = { idc, sn, mac, os_type: 'debian', os_version: '12', profile: 'debian-12' };
  const request = { ...identity, ssh_keys: [], packages: [], kernel_args: '', tags: {}, priority: 5 };
  const created = createTask(request, { taskId, bootToken: token, at, by: 'test' }, undefined);
  const approved = created.ok ? approveTask(created.value.task, { by: 'test', at }) : created;
  if (!approved.ok) throw new Error('a first task is always created and approved');
  const value = JSON.stringify(approved.value.task);
  await store.transact([], [{ kind: 'put', key: keyspace.task.key({ idc, sn }), value }]);
}

async function taskOf({ sn }: Machine): Promise<Task> {
  const entry = await store.get(keyspace.task.key({ idc, sn }));
  if (entry === undefined) throw new Error(`no task of ${sn}`);
  return JSON.parse(entry.value) as Task;
}

async function eventsOf({ sn }: Machine): Promise<readonly EventEnvelope[]> {
  const { entries } = await store.list(OUTBOX_PREFIX);
  return entries
    .map(({ value }) => JSON.parse(value) as EventEnvelope)
    .filter(({ subject }) => subject === `task/${sn}`)
    .sort((left, right) => Number(left.id.split('-').at(-1)) - Number(right.id.split('-').at(-1)));
}

async function post(at: ServiceProcess, who: Machine, ...[verb, body]: [verb: string, body: object]): Promise<number> {
  const response = await fetch(`${at.url}/api/v1/${verb}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${who.token}` },
    body: JSON.stringify({ sn: who.sn, ...body }),
  });
  await response.arrayBuffer();
  return response.status;
}

function progress(at: ServiceProcess, who: Machine, percent: number): Promise<number> {
  const body = { mac_address: who.mac, task_id: who.taskId, step: `step-${percent}`, percent };
  return post(at, who, 'progress', body);
}

async function log(at: ServiceProcess, who: Machine, text: string): Promise<number> {
  const response = await fetch(`${at.url}/api/v1/logs`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson', authorization: `Bearer ${who.token}` },
    body: JSON.stringify({ text }),
  });
  await response.arrayBuffer();
  return response.status;
}

/** The region knows the machine's task and has noted the approval. */
async function known(who: Machine): Promise<void> {
  await waitFor(async () => (await taskOf(who)).pxe_configured, { what: `the region saw the approval of ${who.sn}` });
}

function steps(task: Task): readonly string[] {
  return task.progress.map(({ step }) => step);
}

async function expectWhole(who: Machine, percents: readonly number[]): Promise<void> {
  const task = await taskOf(who);
  expect(steps(task)).toEqual(percents.map((percent) => `step-${percent}`));
  const events = await eventsOf(who);
  const told = events.filter(({ type }) => type === 'task.progressed').map(({ data }) => data['step']);
  expect(told).toEqual(steps(task));
  expect(events.filter(({ type }) => type === 'task.started')).toHaveLength(1);
}

describe('the regional service', () => {
  it('keeps what machines report while etcd is down, and brings it in once and in order', async () => {
    const machines = [1, 2, 3, 4, 5].map(machine);
    const at = await startRegion();
    for (const who of machines) await approve(who);
    for (const who of machines) await known(who);
    for (const who of machines) expect(await progress(at, who, 10)).toBe(200);
    await etcd.kill9();
    for (const percent of [20, 30, 40, 50]) {
      const answers = await Promise.all(machines.map((who) => progress(at, who, percent)));
      expect(answers).toEqual(machines.map(() => 200));
    }
    expect((await fetch(`${at.url}/ready`)).status).toBe(503);
    await etcd.restart();
    for (const who of machines) expect(await progress(at, who, 60)).toBe(200);
    for (const who of machines) {
      await waitFor(async () => (await taskOf(who)).percent === 60, {
        what: `all progress of ${who.sn}`,
        deadlineMs: CATCH_UP_WITHIN_MS,
      });
      await expectWhole(who, [10, 20, 30, 40, 50, 60]);
      expect(await post(at, who, 'device/installComplete', { status: 'success' })).toBe(200);
    }
    await waitFor(async () => (await Promise.all(machines.map(taskOf))).every(({ status }) => status === 'completed'), {
      what: 'all completed',
    });
  });

  it('survives SIGKILL during an outage: what it answered for is on disk', async () => {
    const who = machine(9);
    const at = await startRegion();
    await approve(who);
    await known(who);
    expect(await progress(at, who, 10)).toBe(200);
    const hasSnapshot = async (): Promise<boolean> => {
      const parts = await readdir(join(stateDir, 'view'));
      const texts = await Promise.all(parts.map((part) => readFile(join(stateDir, 'view', part), 'utf8')));
      return texts.some((text) => text.includes('step-10'));
    };
    await waitFor(hasSnapshot, { what: 'the snapshot is written' });
    await etcd.kill9();
    const answered: number[] = [10];
    for (const percent of [20, 30, 40]) if ((await progress(at, who, percent)) === 200) answered.push(percent);
    await at.kill9();
    await at.restart('/health');
    await waitFor(async () => (await progress(at, who, 50)) === 200, {
      what: 'it serves again from its snapshot',
      deadlineMs: CATCH_UP_WITHIN_MS,
    });
    answered.push(50);
    await at.kill9();
    await etcd.restart();
    await at.restart();
    await waitFor(async () => (await taskOf(who)).percent === 50, {
      what: 'the kept progress arrives',
      deadlineMs: CATCH_UP_WITHIN_MS,
    });
    expect(answered).toEqual([10, 20, 30, 40, 50]);
    await expectWhole(who, answered);
  });

  it('neither loses nor doubles anything when it is killed while it catches up', async () => {
    const machines = Array.from({ length: 12 }, (_, index) => machine(100 + index));
    const at = await startRegion();
    for (const who of machines) await approve(who);
    for (const who of machines) await known(who);
    await etcd.kill9();
    const percents = Array.from({ length: 12 }, (_, index) => index + 1);
    for (const percent of percents) {
      const answers = await Promise.all(machines.map((who) => progress(at, who, percent)));
      expect(answers).toEqual(machines.map(() => 200));
    }
    await etcd.restart();
    // It starts to catch up within a back-off; killed a few times at no particular moment.
    for (const delayMs of [0, 120, 260]) {
      await waitFor(async () => (await fetch(`${at.url}/health`)).ok, { what: 'it is up' });
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      await at.kill9();
      await at.restart('/health');
    }
    for (const who of machines) {
      await waitFor(async () => (await taskOf(who)).percent === 12, {
        what: `progress of ${who.sn}`,
        deadlineMs: CATCH_UP_WITHIN_MS,
      });
      await expectWhole(who, percents);
    }
  });

  it('keeps log lines while NATS is down, across SIGKILL', async () => {
    const who = machine(200);
    const at = await startRegion();
    await approve(who);
    await known(who);
    expect(await log(at, who, 'before')).toBe(202);
    await nats.kill9();
    expect(await log(at, who, 'while away 1')).toBe(202);
    expect(await log(at, who, 'while away 2')).toBe(202);
    await at.kill9();
    await at.restart('/health');
    await waitFor(async () => (await log(at, who, 'after the restart')) === 202, { what: 'it takes log lines' });
    await nats.restart();
    const source = { idc, sn: who.sn, task_id: who.taskId };
    const lines = await waitFor(
      async () => {
        const stored = await bus.readLogs(source, { after: 0, limit: 100 });
        return stored.length >= 4 && stored.map(({ line }) => line.text);
      },
      { what: 'all lines are in the stream', deadlineMs: CATCH_UP_WITHIN_MS },
    );
    expect(lines).toEqual(['before', 'while away 1', 'while away 2', 'after the restart']);
  });
});
