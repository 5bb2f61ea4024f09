import { briskPace, Fleet, SeededRandom, startLab, waitFor, type Lab, type MachineFaults } from '@rackwright/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { completedTasks, expectAddressesHeldOnce, expectInstalledOnce, orderInstallations } from './check-fleet.js';

/** What goes wrong, one kind per machine of the fleet; every one of them must still end installed. */
const survivable: readonly MachineFaults[] = [
  { garbage: true },
  { dhcpCopies: 3 },
  { garbage: true, dhcpCopies: 2 },
  { rebootsAt: 'dhcp' },
  { rebootsAt: 'boot-file' },
  { rebootsAt: 'ipxe-dhcp' },
  { rebootsAt: 'script' },
  { rebootsAt: 'kernel' },
  { rebootsAt: 'report' },
  { rebootsAt: 'hardware_config' },
  { rebootsAt: 'network_config' },
  { rebootsAt: 'os_install' },
  { rebootsAt: 'reboot' },
];

async function metric(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith(name));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

describe('machines that misbehave', () => {
  let lab: Lab;

  beforeAll(async () => {
    lab = await startLab();
  });

  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });

  function fleet(prefix: string, size: number): Fleet {
    const { relay, tftpPort } = lab.region('dc1');
    return new Fleet({ prefix, size, relay, tftpPort, random: new SeededRandom(11), pace: briskPace });
  }

  it('are installed in spite of garbage, retransmissions and power cuts at any stage', async () => {
    const { url } = lab.region('dc1').service;
    await using machines = fleet('faulty', survivable.length);
    for (const [index, machine] of machines.machines.entries()) machine.faults = survivable[index] ?? {};
    const silences = await metric(url, 'rw_dhcp_silence_total');
    await orderInstallations(lab, 'dc1', machines);
    machines.powerOn();
    await machines.all((machine) => machine.stage === 'disk', 'installed', 240_000);
    expectInstalledOnce(machines, await completedTasks(lab, machines));
    await expectAddressesHeldOnce(lab, 'dc1', machines);
    await waitFor(async () => (await metric(url, 'rw_dhcp_silence_total')) > silences, { what: 'silence is counted' });
  });

  it('fail their task with the reason when an operation fails, and succeed on retry', async () => {
    await using machines = fleet('unlucky', 1);
    const [machine] = machines.machines;
    if (machine === undefined) throw new Error('no machine');
    machine.faults = { failsOperation: 'os_install' };
    await orderInstallations(lab, 'dc1', machines);
    machine.powerOn();
    const failed = await waitFor(
      async () => {
        const task = await lab.api.task('dc1', machine.identity.sn);
        return task.status === 'failed' && task;
      },
      { what: 'the task to fail', deadlineMs: 120_000 },
    );
    expect(failed.status_history.at(-1)?.reason).toBe('os_install: simulated failure');
    expect(machine.disk.installations).toBe(0);
    // Switched off, so that no power cycle cuts into an installation that it began by itself.
    await machine.powerOff();
    machine.faults = {};
    await lab.api.call('POST', `/api/v1/tasks/dc1/${machine.identity.sn}/retry`);
    await lab.api.call('POST', `/api/v1/tasks/dc1/${machine.identity.sn}/approve`);
    machine.powerOn();
    await machines.all(({ stage }) => stage === 'disk', 'installed on retry', 120_000);
    expect(machine.disk.installations).toBe(1);
  });

  it('are installed by the hundreds at once', async () => {
    await using machines = fleet('many', 200);
    await orderInstallations(lab, 'dc1', machines);
    machines.powerOn();
    await machines.all((machine) => machine.stage === 'disk', 'installed', 400_000);
    expectInstalledOnce(machines, await completedTasks(lab, machines));
    await expectAddressesHeldOnce(lab, 'dc1', machines);
  });
});
