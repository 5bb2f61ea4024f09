import { setTimeout as delay } from 'node:timers/promises';
import {
  briskPace,
  EventStream,
  Fleet,
  SeededRandom,
  startLab,
  waitFor,
  type Lab,
  type TaskSummary,
} from '@rackwright/testing';
import { describe, it } from 'vitest';
import {
  completedTasks,
  expectAddressesHeldOnce,
  expectEventsExactlyOnce,
  expectInstalledOnce,
  orderInstallations,
} from './check-fleet.js';

/** Set `RW_E2E_SEED` to the seed of an earlier run to kill in its order. */
const seed = Number(process.env['RW_E2E_SEED'] ?? Math.floor(Math.random() * 1e9));
const MACHINES = 20;
const KILLS = 8;

interface Victim {
  readonly name: string;
  kill9(): Promise<void>;
  restart(): Promise<void>;
}

function victimsOf(lab: Lab): readonly Victim[] {
  const { service } = lab.region('dc1');
  return [
    {
      name: 'control plane',
      kill9: () => lab.controlPlane.kill9(),
      restart: () => lab.controlPlane.restart('/health'),
    },
    { name: 'regional', kill9: () => service.kill9(), restart: () => service.restart('/health') },
    { name: 'etcd', kill9: () => lab.etcd.kill9(), restart: () => lab.etcd.restart() },
    { name: 'NATS', kill9: () => lab.nats.kill9(), restart: () => lab.nats.restart() },
  ];
}

describe(`kill -9 of any one process at any step of ${String(MACHINES)} running installations (seed ${String(seed)})`, () => {
  it('ends every task right, with every event once and every address held once', async () => {
    const random = new SeededRandom(seed);
    await using lab = await startLab();
    const { relay, tftpPort } = lab.region('dc1');
    const pace = { ...briskPace, stepMs: 700, dhcpRetryMs: [300, 600, 1_200, 2_400] };
    await using fleet = new Fleet({ prefix: 'kill', size: MACHINES, relay, tftpPort, random, pace });
    await using stream = new EventStream(lab.controlPlane.url);
    await orderInstallations(lab, 'dc1', fleet);
    fleet.powerOn();
    const victims = victimsOf(lab);
    for (let kill = 0; kill < KILLS; kill += 1) {
      await delay(random.fraction() * 1_500);
      const victim = victims[Math.floor(random.fraction() * victims.length)] ?? victims[0];
      process.stdout.write(`seed ${String(seed)}: kill -9 ${String(victim?.name)}\n`);
      await victim?.kill9();
      await delay(random.fraction() * 1_000);
      await victim?.restart();
    }
    await fleet.all((machine) => machine.stage === 'disk', `installed (seed ${String(seed)})`, 240_000);
    const tasks = await completedTasks(lab, fleet);
    const hasLast = ({ task_id }: TaskSummary): boolean => stream.ofTask(task_id).at(-1)?.type === 'task.completed';
    await waitFor(() => tasks.every(hasLast), { what: 'the last event of every task', deadlineMs: 120_000 }).catch(
      (cause: unknown) => {
        const others = tasks.filter((task) => !hasLast(task));
        const told = others.map(
          ({ sn, task_id }) =>
            `${sn}: ${stream
              .ofTask(task_id)
              .map(({ id }) => id)
              .join(' ')}`,
        );
        throw new Error(`${told.join('\n')}\n${lab.controlPlane.output().slice(-4_000)}`, { cause });
      },
    );
    expectInstalledOnce(fleet, tasks);
    expectEventsExactlyOnce(stream, tasks);
    await expectAddressesHeldOnce(lab, 'dc1', fleet);
  });
});
