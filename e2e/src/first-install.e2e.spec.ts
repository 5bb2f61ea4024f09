import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { parseMac, parseSn } from '@rackwright/kernel';
import {
  describeMachine,
  EventStream,
  SeededRandom,
  SimulatedMachine,
  startLab,
  uuidOf,
  waitFor,
  type Lab,
  type TaskSummary,
} from '@rackwright/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const BOOT_WITHIN_MS = 120_000;

/** The commands as the earlier system's users know them; only the port is the lab's. */
const commands = {
  create: `curl -sS -X POST http://localhost:8080/api/v1/tasks -H "Content-Type: application/json" -d '{"idc":"dc1","sn":"sn-001","mac":"00:1a:2b:3c:4d:5e","os_type":"Ubuntu 22.04","os_version":"22.04"}'`,
  list: 'curl -sS http://localhost:8080/api/v1/tasks',
  get: 'curl -sS http://localhost:8080/api/v1/tasks/dc1/sn-001',
  approve: `curl -sS -X POST http://localhost:8080/api/v1/tasks/dc1/sn-001/approve -H "Content-Type: application/json" -d '{"notes":"ok"}'`,
};

describe('the first installation', () => {
  let lab: Lab;
  let machine: SimulatedMachine;

  beforeAll(async () => {
    lab = await startLab();
    const [mac, sn] = [parseMac('00:1a:2b:3c:4d:5e'), parseSn('sn-001')];
    if (mac === undefined || sn === undefined) throw new Error('identity does not parse');
    const { relay, tftpPort } = lab.region('dc1');
    const identity = { mac, sn, uuid: uuidOf(sn) };
    machine = new SimulatedMachine({ identity, firmware: 'bios', relay, tftpPort, random: new SeededRandom(7) });
  });

  afterAll(async () => {
    await machine[Symbol.asyncDispose]();
    await lab[Symbol.asyncDispose]();
  });

  async function shell(command: string): Promise<unknown> {
    const here = command.replace('http://localhost:8080', lab.controlPlane.url);
    const { stdout } = await run('sh', ['-c', here]);
    return JSON.parse(stdout) as unknown;
  }

  async function reached(stage: string): Promise<void> {
    await waitFor(() => machine.stage === stage, { what: stage, deadlineMs: BOOT_WITHIN_MS }).catch(
      (cause: unknown) => {
        throw new Error(describeMachine(machine), { cause });
      },
    );
  }

  /** The task once it is completed: while etcd is slow, reports of the machine arrive by way of the region's disk. */
  function completed(): Promise<TaskSummary> {
    return waitFor(
      async () => {
        const task = await lab.api.task('dc1', 'sn-001');
        return task.status === 'completed' && task;
      },
      { what: 'the task is completed', deadlineMs: BOOT_WITHIN_MS },
    );
  }

  it('shows a machine nobody knows as discovered and lets it wait', async () => {
    machine.powerOn();
    await reached('waiting');
    const node = await waitFor(() => lab.api.call<{ status: string }>('GET', '/api/v1/nodes/001a2b3c4d5e'), {
      what: 'the node',
    });
    expect(node.status).toBe('discovered');
    expect(machine.disk.installations).toBe(0);
  });

  it('takes the earlier commands verbatim and installs the waiting machine', async () => {
    await using stream = new EventStream(lab.controlPlane.url);
    expect(await shell(commands.create)).toMatchObject({
      status: 'pending',
      mac: '00:1a:2b:3c:4d:5e',
      profile: 'ubuntu-22.04',
    });
    expect(await shell(commands.list)).toMatchObject([{ sn: 'sn-001' }]);
    expect(await shell(commands.get)).toMatchObject({ idc: 'dc1', sn: 'sn-001', attempt: 1 });
    expect(await shell(commands.approve)).toMatchObject({ status: 'approved', approval: { notes: 'ok' } });
    await reached('disk');
    const task = await completed();
    expect(task).toMatchObject({ status: 'completed', percent: 100 });
    expect(machine.disk).toEqual({ taskId: task.task_id, installations: 1 });
    const types = (): readonly string[] => stream.ofTask(task.task_id).map((event) => event.type);
    await waitFor(() => types().at(-1) === 'task.completed', { what: 'the last event of the task' });
    expect(types().filter((type) => type !== 'task.progressed')).toEqual([
      'task.created',
      'task.approved',
      'task.started',
      'task.completed',
    ]);
  });

  it('boots from its disk on every later power cycle', async () => {
    for (let cycle = 0; cycle < 3; cycle += 1) {
      await machine.powerCycle();
      await reached('disk');
    }
    expect(machine.disk.installations).toBe(1);
    expect((await lab.api.task('dc1', 'sn-001')).status).toBe('completed');
  });

  it('installs again only when somebody asks for it', async () => {
    const retried = await lab.api.call<TaskSummary>('POST', '/api/v1/tasks/dc1/sn-001/retry', { reason: 'again' });
    expect(retried).toMatchObject({ status: 'pending', attempt: 2 });
    await machine.powerCycle();
    await reached('disk');
    expect(machine.disk.installations).toBe(1);
    await lab.api.call('POST', '/api/v1/tasks/dc1/sn-001/approve');
    await machine.powerCycle();
    await waitFor(() => machine.disk.installations === 2, {
      what: 'the second installation',
      deadlineMs: BOOT_WITHIN_MS,
    });
    await reached('disk');
    await completed();
    expect(machine.disk).toEqual({ taskId: retried.task_id, installations: 2 });
    const history = await lab.api.call<readonly TaskSummary[]>('GET', '/api/v1/tasks/dc1/sn-001/history');
    expect(history).toMatchObject([{ attempt: 1, status: 'completed' }]);
  });
});
