import { keyspace, type TaskRecord } from '@rackwright/contracts';
import { startLab, type Lab } from '@rackwright/testing';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { scaled, type Benchmark } from '../benchmark.js';
import { JsonClient } from '../lab/json-client.js';
import { createTaskBody, macOf, snOf } from '../lab/machine-names.js';
import { RawEtcd } from '../lab/raw-etcd.js';
import type { Figure } from '../report/figure.js';
import { median, percentile } from '../report/statistics.js';
import { Arrivals } from './arrivals.js';

const IDC = 'dc1';
const MACHINES = 20;
const WARM_UP = 40;
const REPORTS = 400;
const TARGET_MS = 50;

/** How long after a machine sends its progress a WebSocket client of the control plane has it. */
export const progress: Benchmark = {
  name: 'progress',
  summary: 'POST /api/v1/progress at the region until a WebSocket client has the event',
  async run(bench) {
    await using lab = await startLab({ hasDurableEtcd: true, idcs: [IDC], onProgress: bench.say });
    const machines = await installingMachines(lab);
    using region = new JsonClient(lab.region(IDC).service.url);
    const arrivals = new Arrivals();
    await using socket = await openSocket(lab, arrivals);
    const count = WARM_UP + scaled(REPORTS, bench, 40);
    bench.say(`${String(count)} reports of ${String(MACHINES)} machines, one after the other`);
    const samples: number[] = [];
    for (let number = 0; number < count; number += 1) {
      const tookMs = await reportOnce({ region, arrivals, machines }, number);
      if (number >= WARM_UP) samples.push(tookMs);
    }
    if (!socket.isOpen()) throw new Error('the WebSocket was closed');
    return figuresOf(samples);
  },
};

interface Machine {
  readonly sn: string;
  readonly mac: string;
  readonly taskId: string;
  readonly token: string;
}

async function installingMachines(lab: Lab): Promise<readonly Machine[]> {
  using api = new JsonClient(lab.controlPlane.url);
  using etcd = new RawEtcd(lab.etcd.endpoint);
  const machines: Machine[] = [];
  for (let number = 1; number <= MACHINES; number += 1) {
    const body = { ...createTaskBody(IDC, number), auto_approve: true };
    await api.must({ method: 'POST', path: '/api/v1/tasks', body });
    const sn = snOf(number);
    const task = await etcd.json<TaskRecord>(keyspace.task.key({ idc: IDC, sn }));
    machines.push({ sn, mac: macOf(number), taskId: task.task_id, token: task.boot.token });
  }
  return machines;
}

interface OpenSocket extends AsyncDisposable {
  readonly isOpen: () => boolean;
}

/** Follows progress the way a dashboard does; each report is recognised by its message. */
async function openSocket(lab: Lab, arrivals: Arrivals): Promise<OpenSocket> {
  const url = `${lab.controlPlane.url.replace('http', 'ws')}/ws?types=task.progressed`;
  const socket = new WebSocket(url, { perMessageDeflate: false });
  socket.on('message', (frame) => {
    const { payload } = JSON.parse((frame as Buffer).toString()) as { payload: { data: { message?: string } } };
    if (payload.data.message !== undefined) arrivals.note(payload.data.message);
  });
  await once(socket, 'open');
  return {
    isOpen: () => socket.readyState === socket.OPEN,
    async [Symbol.asyncDispose]() {
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    },
  };
}

async function reportOnce(
  { region, arrivals, machines }: { region: JsonClient; arrivals: Arrivals; machines: readonly Machine[] },
  number: number,
): Promise<number> {
  const machine = machines[number % machines.length];
  if (machine === undefined) throw new RangeError('no machines');
  const message = `report ${String(number)}`;
  const percent = Math.min(99, Math.floor(number / machines.length));
  const body = {
    sn: machine.sn,
    mac_address: machine.mac,
    task_id: machine.taskId,
    step: 'os_install',
    percent,
    message,
  };
  const arrival = arrivals.expect(message);
  const startedAt = performance.now();
  await region.must({ method: 'POST', path: '/api/v1/progress', body, token: machine.token });
  return (await arrival) - startedAt;
}

function figuresOf(samples: readonly number[]): readonly Figure[] {
  const figure = (name: string, value: number): Figure => ({ benchmark: progress.name, name, value, unit: 'ms' });
  return [
    { ...figure('report to WebSocket p50', median(samples)), target: { bound: 'at-most', limit: TARGET_MS } },
    figure('report to WebSocket p99', percentile(samples, 0.99)),
  ];
}
