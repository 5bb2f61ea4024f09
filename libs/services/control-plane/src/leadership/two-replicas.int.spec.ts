import { EtcdStore } from '@rackwright/adapter-etcd-store';
import { keyspace, type TaskView } from '@rackwright/contracts';
import { silentLogger } from '@rackwright/kernel';
import {
  EventStream,
  launchEtcd,
  launchNats,
  launchService,
  RealClock,
  SeededRandom,
  waitFor,
  type ServiceProcess,
} from '@rackwright/testing';
import { describe, expect, it } from 'vitest';

async function isLeading(replica: ServiceProcess): Promise<boolean> {
  const response = await fetch(`${replica.url}/metrics`);
  return /^rw_leader 1$/m.test(await response.text());
}

async function post(replica: ServiceProcess, path: string, body?: object): Promise<TaskView> {
  const json = { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body ?? {}) };
  const response = await fetch(`${replica.url}${path}`, { method: 'POST', ...json });
  expect(response.ok, await response.clone().text()).toBe(true);
  return (await response.json()) as TaskView;
}

/** Creates and approves a task, and waits until its deadline has failed it. */
async function letExpire(replica: ServiceProcess, number: number): Promise<TaskView> {
  const sn = `sn-${String(number)}`;
  const body = { idc: 'dc1', sn, mac: `02000000000${String(number)}`, os_type: 'debian', os_version: '12' };
  await post(replica, '/api/v1/tasks', body);
  await post(replica, `/api/v1/tasks/dc1/${sn}/approve`);
  return waitFor(
    async () => {
      const task = (await (await fetch(`${replica.url}/api/v1/tasks/dc1/${sn}`)).json()) as TaskView;
      return task.status === 'failed' && task;
    },
    { what: `${sn} failed by its deadline`, deadlineMs: 60_000, pollMs: 50 },
  );
}

/** The replica that leads, and the one that does not. */
function roles(one: ServiceProcess, other: ServiceProcess): Promise<readonly [ServiceProcess, ServiceProcess]> {
  return waitFor(
    async () => {
      const [isOne, isOther] = [await isLeading(one), await isLeading(other)];
      if (isOne === isOther) return undefined;
      return isOne ? ([one, other] as const) : ([other, one] as const);
    },
    { what: 'exactly one replica leads' },
  );
}

describe('two replicas side by side', () => {
  it('enforce each deadline once, and the other takes over when the leader is killed', async () => {
    await using etcd = await launchEtcd();
    await using nats = await launchNats();
    const env = {
      RW_ETCD_ENDPOINTS: etcd.endpoint,
      RW_NATS_URL: nats.url,
      RW_DEADLINES_FIRST_BOOT: '1s',
      RW_DEADLINES_GRACE: '100ms',
      RW_DEADLINES_PERIOD: '100ms',
      RW_LEADER_TTL_SECONDS: '10',
    };
    await using one = await launchService({ app: 'control-plane', env });
    await using other = await launchService({ app: 'control-plane', env });
    const ports = { clock: new RealClock(), random: new SeededRandom(1), logger: silentLogger };
    await using store = new EtcdStore({ ...ports, endpoints: [etcd.endpoint] });
    const heartbeat = {
      instance: 'i',
      at: new Date().toISOString(),
      counters: {},
      journal_length: 0,
      view_revision: '1',
    };
    const key = keyspace.regionHeartbeat.key({ idc: 'dc1' });
    await store.transact([], [{ kind: 'put', key, value: JSON.stringify(heartbeat) }]);

    const first = await letExpire(one, 1);
    expect(first.status_history.at(-1)).toMatchObject({ by: 'deadline' });
    const [leader, follower] = await roles(one, other);
    await leader.kill9();
    const second = await letExpire(follower, 2);
    await waitFor(() => isLeading(follower), { what: 'the follower leads' });

    await using stream = new EventStream(follower.url);
    const typesOf = (task: TaskView): readonly string[] => stream.ofTask(task.task_id).map(({ type }) => type);
    await waitFor(() => typesOf(second).includes('task.failed'), { what: 'the event of the second task' });
    for (const task of [first, second]) expect(typesOf(task)).toEqual(['task.created', 'task.approved', 'task.failed']);
    expect(stream.events.filter(({ type }) => type === 'region.came_online')).toHaveLength(1);
  });
});
