import { EtcdStore } from '@rackwright/adapter-etcd-store';
import { NatsBus } from '@rackwright/adapter-nats-bus';
import { keyspace, OUTBOX_PREFIX, type TaskView } from '@rackwright/contracts';
import { silentLogger } from '@rackwright/kernel';
import { EventStream, launchEtcd, launchNats, RealClock, SeededRandom, waitFor } from '@rackwright/testing';
import type { EtcdServer, NatsServer } from '@rackwright/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { ReplicaUnderTest } from './replica-under-test.js';

const clock = new RealClock();
/** Far more than etcd takes on a busy machine; one that is not there is noticed at once. */
const STORE_WITHIN_MS = 20_000;
/** Set `RW_TEST_SEED` to the seed of an earlier run to repeat its story. */
const seed = Number(process.env['RW_TEST_SEED'] ?? Math.floor(Math.random() * 1e9));

let stack: AsyncDisposableStack;
let etcd: EtcdServer;
let nats: NatsServer;
let store: EtcdStore;
let one: ReplicaUnderTest;
let other: ReplicaUnderTest;

async function startReplica(seed: number): Promise<ReplicaUnderTest> {
  const ports = { clock, random: new SeededRandom(seed), logger: silentLogger };
  const own = stack.use(new EtcdStore({ ...ports, endpoints: [etcd.endpoint], unaryTimeoutMs: STORE_WITHIN_MS }));
  const bus = stack.use(await NatsBus.connect({ ...ports, servers: [nats.url], name: 'test' }));
  return stack.use(await ReplicaUnderTest.start({ ...ports, store: own, bus }));
}

beforeAll(async () => {
  stack = new AsyncDisposableStack();
  etcd = stack.use(await launchEtcd());
  nats = stack.use(await launchNats());
  const ports = { clock, random: new SeededRandom(9), logger: silentLogger };
  store = stack.use(new EtcdStore({ ...ports, endpoints: [etcd.endpoint], unaryTimeoutMs: STORE_WITHIN_MS }));
  one = await startReplica(1);
  other = await startReplica(2);
});

afterAll(() => stack.disposeAsync());

let machines = 0;

function newMachine() {
  machines += 1;
  const mac = `02${machines.toString(16).padStart(10, '0')}`;
  return { idc: 'dc1', sn: `sn-${String(machines)}`, mac, os_type: 'Ubuntu 22.04', os_version: '22.04' };
}

async function create(api: ReplicaUnderTest, body: object = newMachine()) {
  return api.call<TaskView>('POST', '/api/v1/tasks', { body });
}

const pathOf = ({ idc, sn }: { idc: string; sn: string }): string => `/api/v1/tasks/${idc}/${sn}`;

function statuses(answers: readonly { readonly status: number }[]): Readonly<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

describe('the control plane on etcd and NATS', () => {
  it('tells the story up to the approval, whichever replica is asked', async () => {
    const machine = newMachine();
    const created = await create(one, machine);
    expect([created.status, created.headers.get('location')]).toEqual([201, pathOf(machine)]);
    expect((await other.get<TaskView[]>('/api/v1/tasks')).body).toMatchObject([{ sn: machine.sn, status: 'pending' }]);
    expect((await other.get<TaskView>(pathOf(machine))).body.task_id).toBe(created.body.task_id);
    const approved = await other.call<TaskView>('POST', `${pathOf(machine)}/approve`, { body: { notes: 'ok' } });
    expect(approved.body).toMatchObject({ status: 'approved', approval: { notes: 'ok' } });
    expect((await one.get<TaskView[]>('/api/v1/tasks?status=approved')).body).toHaveLength(1);
  });

  it('lets exactly one of 50 concurrent approvals win', async () => {
    const machine = newMachine();
    await create(one, machine);
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        (index % 2 === 0 ? one : other).call<TaskView>('POST', `${pathOf(machine)}/approve`),
      ),
    );
    expect(statuses(answers)).toEqual({ 200: 1, 409: 49 });
    const { body } = await one.get<TaskView>(pathOf(machine));
    expect(body.status_history.map(({ status }) => status)).toEqual(['pending', 'approved']);
  });

  it('lets one of two concurrent creates win, by serial number and by MAC', async () => {
    for (let round = 0; round < 10; round += 1) {
      const machine = newMachine();
      const rivals = [
        { ...newMachine(), sn: machine.sn },
        { ...newMachine(), mac: machine.mac },
      ];
      for (const rival of rivals) {
        const first = { ...machine, idc: `dc-${String(round)}-${rival === rivals[0] ? 'sn' : 'mac'}` };
        const answers = await Promise.all([create(one, first), create(other, { ...rival, idc: first.idc })]);
        expect(statuses(answers)).toEqual({ 201: 1, 409: 1 });
        expect((await store.list(`/os/${first.idc}/macs/`)).entries).toHaveLength(1);
      }
    }
  });

  it('refuses a stale If-Match and takes a fresh one', async () => {
    const machine = newMachine();
    const { headers } = await create(one, machine);
    const ifMatch = { headers: { 'if-match': headers.get('etag') ?? '' } };
    expect((await other.call('POST', `${pathOf(machine)}/approve`, ifMatch)).status).toBe(200);
    expect((await one.call('POST', `${pathOf(machine)}/cancel`, ifMatch)).status).toBe(412);
  });

  it('counts what was written a moment ago through the other replica', async () => {
    for (let index = 1; index <= 20; index += 1) {
      await create(one, { ...newMachine(), idc: 'dc-stats' });
      const { body } = await other.get<{ tasks_total: number }>('/api/v1/stats/dc-stats');
      expect(body.tasks_total).toBe(index);
    }
  });

  it(`delivers each event of 200 random transitions once and in order across a restart of NATS (seed ${String(seed)})`, async () => {
    const random = new SeededRandom(seed);
    await using stream = new EventStream(one.url);
    const fleet = Array.from({ length: 12 }, () => ({ ...newMachine(), idc: 'dc-events' }));
    await Promise.all(fleet.map((machine) => create(one, machine)));
    for (let step = 0; step < 200; step += 1) {
      if (step === 60) await nats.kill9();
      if (step === 120) await nats.restart();
      const machine = fleet[Math.floor(random.fraction() * fleet.length)];
      const action = ['approve', 'reject', 'cancel', 'retry'][Math.floor(random.fraction() * 4)];
      if (machine === undefined || action === undefined) throw new Error('out of range');
      const { status } = await (step % 2 === 0 ? one : other).call('POST', `${pathOf(machine)}/${action}`);
      expect([200, 409], `seed ${String(seed)}`).toContain(status);
    }
    await waitFor(async () => (await store.list(OUTBOX_PREFIX)).entries.length === 0, {
      what: `the outbox drains (seed ${String(seed)})`,
      deadlineMs: 60_000,
    });
    const { entries } = await store.list('/os/dc-events/machines/');
    const tasks = entries.map(({ value }) => JSON.parse(value) as { task_id: string; event_count: number });
    const expected = tasks.flatMap(({ task_id, event_count }) =>
      Array.from({ length: event_count }, (_, index) => `${task_id}-${String(index + 1)}`),
    );
    const ofFleet = () => stream.events.filter(({ idc }) => idc === 'dc-events');
    await waitFor(() => ofFleet().length >= expected.length, { what: 'every event', deadlineMs: 60_000 });
    expect(
      ofFleet()
        .map(({ id }) => id)
        .sort(),
    ).toEqual([...expected].sort());
    expect(ofFleet().map(({ seq }) => seq)).toEqual(
      ofFleet()
        .map(({ seq }) => seq)
        .toSorted((a, b) => a - b),
    );
    for (const { task_id, event_count } of tasks) {
      const numbers = stream.ofTask(task_id).map(({ id }) => Number(id.split('-').at(-1)));
      expect(numbers).toEqual(Array.from({ length: event_count }, (_, index) => index + 1));
    }
  });

  it('resumes a WebSocket where it was cut', async () => {
    const seen: number[] = [];
    const open = (after: number): WebSocket => {
      const socket = new WebSocket(`${other.url.replace('http', 'ws')}/ws?after=${String(after)}`);
      socket.on('message', (bytes) => {
        seen.push((JSON.parse((bytes as Buffer).toString()) as { payload: { seq: number } }).payload.seq);
      });
      return socket;
    };
    const first = open(0);
    await waitFor(() => seen.length >= 50, { what: 'the first events' });
    // What it has received already is not read any more either.
    first.removeAllListeners('message');
    first.terminate();
    const second = open(seen.at(-1) ?? 0);
    const machine = newMachine();
    await create(one, machine);
    const { last } = await range();
    await waitFor(() => seen.at(-1) === last, { what: 'the last event' });
    second.terminate();
    expect(seen).toEqual(Array.from({ length: last }, (_, index) => index + 1));
  });

  async function range(): Promise<{ last: number }> {
    await waitFor(async () => (await store.list(OUTBOX_PREFIX)).entries.length === 0, { what: 'the outbox drains' });
    await using bus = await NatsBus.connect({
      ...{ clock, random: new SeededRandom(5), logger: silentLogger },
      ...{ servers: [nats.url], name: 'range' },
    });
    return await bus.eventRange();
  }

  it('answers 503 with Retry-After while etcd is away, and goes on afterwards', async () => {
    await etcd.kill9();
    const machine = newMachine();
    for (const [method, path, options] of [
      ['POST', '/api/v1/tasks', { body: machine }],
      ['GET', '/api/v1/tasks', {}],
      ['GET', '/api/v1/stats', {}],
    ] as const) {
      const { status, headers, body } = await one.refused(method, path, options);
      expect([path, status, body.code]).toEqual([path, 503, 'store-unavailable']);
      expect(headers.get('retry-after')).not.toBeNull();
    }
    await etcd.restart();
    // A creation whose answer came too late was made all the same: it is refused when it is asked for again.
    const isCreated = async (): Promise<boolean> => [201, 409].includes((await create(one, machine)).status);
    await waitFor(isCreated, { what: 'writes work', deadlineMs: 60_000 });
    const seenByOther = await waitFor(
      async () => {
        const { status, body } = await other.get<TaskView>(pathOf(machine));
        return status !== 503 && [status, body.status];
      },
      { what: 'the other replica reads' },
    );
    expect(seenByOther).toEqual([200, 'pending']);
    expect(await waitFor(() => store.get(keyspace.task.key(machine)), { what: 'the record' })).toBeDefined();
  });
});
