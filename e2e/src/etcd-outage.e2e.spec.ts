import { setTimeout as delay } from 'node:timers/promises';
import {
  briskPace,
  EventStream,
  Fleet,
  SeededRandom,
  startLab,
  TcpProxy,
  waitFor,
  type Lab,
} from '@rackwright/testing';
import { describe, expect, it } from 'vitest';
import {
  completedTasks,
  expectAddressesHeldOnce,
  expectEventsExactlyOnce,
  expectInstalledOnce,
  orderInstallations,
} from './check-fleet.js';

const MACHINES = 10;
const OUTAGE_MS = 120_000;

async function expectUnavailable(lab: Lab): Promise<void> {
  const task = { idc: 'dc1', sn: 'late-001', mac: '52:54:00:00:00:99', os_type: 'image', os_version: '1' };
  const calls = [
    fetch(`${lab.controlPlane.url}/api/v1/tasks`),
    fetch(`${lab.controlPlane.url}/api/v1/tasks`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(task),
    }),
  ];
  for (const response of await Promise.all(calls)) {
    expect(response.status).toBe(503);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await response.json()).toMatchObject({ status: 503, code: 'store-unavailable' });
  }
}

describe('etcd unreachable for two minutes', () => {
  it('boots and finishes the machines that were approved, and shows afterwards what happened meanwhile', async () => {
    await using stack = new AsyncDisposableStack();
    let proxy: TcpProxy | undefined;
    await using lab = await startLab({
      etcdEndpoint: async (etcd) => {
        const opened = stack.use(await TcpProxy.start({ port: etcd.port }));
        proxy = opened;
        return `http://127.0.0.1:${String(opened.port)}`;
      },
    });
    const { relay, tftpPort, service } = lab.region('dc1');
    await using fleet = new Fleet({
      prefix: 'cut',
      size: MACHINES,
      relay,
      tftpPort,
      random: new SeededRandom(3),
      pace: briskPace,
    });
    await using stream = new EventStream(lab.controlPlane.url);
    await orderInstallations(lab, 'dc1', fleet);
    await waitFor(async () => (await lab.api.tasks()).every((task) => task.pxe_configured), {
      what: 'the region saw every approval',
    });
    const cutAt = performance.now();
    proxy?.cut();
    const half = fleet.machines.slice(0, MACHINES / 2);
    for (const machine of half) machine.powerOn();
    await waitFor(() => half.every((machine) => machine.stage === 'disk'), {
      what: 'half the fleet',
      deadlineMs: 120_000,
    });
    await expectUnavailable(lab);
    await service.kill9();
    await service.restart('/health');
    fleet.powerOn();
    await fleet.all((machine) => machine.stage === 'disk', 'installed without etcd', 180_000);
    await delay(Math.max(0, OUTAGE_MS - (performance.now() - cutAt)));
    await expectUnavailable(lab);
    proxy?.heal();
    const tasks = await completedTasks(lab, fleet);
    await waitFor(() => tasks.every((task) => stream.ofTask(task.task_id).at(-1)?.type === 'task.completed'), {
      what: 'the last event of every task',
      deadlineMs: 120_000,
    });
    expectInstalledOnce(fleet, tasks);
    expectEventsExactlyOnce(stream, tasks);
    await expectAddressesHeldOnce(lab, 'dc1', fleet);
  });
});
