import { mkdir } from 'node:fs/promises';
import { startLab, type Lab, type LabSetup } from '@rackwright/testing';
import { takenPorts } from './check-ports.js';
import { createTasks, fleetsOf, renewTasks, tableRows, watchUntilCompleted, type PlacedMachine } from './demo-story.js';
import type { DemoPorts } from './demo-settings.js';
import { LiveTable, type Terminal } from './machine-table.js';

export interface DemoOptions {
  readonly ports: DemoPorts;
  readonly machines: number;
  readonly stateDir: string;
  /** End as soon as every task is completed. */
  readonly once: boolean;
  readonly timeoutMs: number;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

const REDRAW_MS = 1_000;

/** Runs the whole demonstration; resolves with what went wrong, if anything did. */
export async function runDemo(options: DemoOptions): Promise<string | undefined> {
  const taken = await takenPorts(options.ports);
  if (taken.length > 0) return taken.join('\n');
  await mkdir(options.stateDir, { recursive: true });
  const say = (text: string): void => void options.terminal.write(`${text}\n`);
  await using lab = await startLab({
    hasDurableEtcd: true,
    ...labSetup(options),
    onProgress: (what) => {
      say(`starting ${what}`);
    },
  });
  await using stack = new AsyncDisposableStack();
  const fleets = fleetsOf(lab, options.machines).map((fleet) => stack.use(fleet));
  const placed = [...lab.regions.keys()].flatMap((idc, index) =>
    (fleets[index]?.machines ?? []).map((machine) => ({ idc, machine })),
  );
  say(`control plane ${lab.controlPlane.url} (API page: ${lab.controlPlane.url}/docs)`);
  await renewTasks(lab.api, placed);
  for (const fleet of fleets) fleet.powerOn();
  await createTasks(lab.api, placed);
  const failure = await watch(lab, placed, options);
  if (failure !== undefined || options.once) return failure;
  say(`every machine is installed. ${lab.controlPlane.url} keeps running; Ctrl-C stops everything.`);
  await keepRunning(lab, placed, options);
  return undefined;
}

function labSetup({ ports, stateDir }: DemoOptions): LabSetup {
  return {
    idcs: ['dc1', 'dc2'],
    stateDir,
    env: { RW_LOG_LEVEL: 'warn' },
    ports: {
      etcd: ports.etcd.port,
      nats: ports.nats.port,
      mqtt: ports.mqtt.port,
      controlPlane: ports.controlPlane.port,
      regions: {
        dc1: { http: ports.dc1Http.port, dhcp: ports.dc1Dhcp.port, tftp: ports.dc1Tftp.port },
        dc2: { http: ports.dc2Http.port, dhcp: ports.dc2Dhcp.port, tftp: ports.dc2Tftp.port },
      },
    },
  };
}

function watch(lab: Lab, placed: readonly PlacedMachine[], options: DemoOptions): Promise<string | undefined> {
  const table = new LiveTable(options.terminal);
  return watchUntilCompleted(lab.api, placed, {
    draw: (rows) => {
      table.draw(rows);
    },
    deadlineMs: options.timeoutMs,
    signal: options.signal,
  });
}

/** Shows what visitors do with the machines until the signal comes. */
async function keepRunning(lab: Lab, placed: readonly PlacedMachine[], options: DemoOptions): Promise<void> {
  const table = new LiveTable(options.terminal);
  while (!options.signal.aborted) {
    table.draw(await tableRows(lab.api, placed));
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, REDRAW_MS);
      options.signal.addEventListener(
        'abort',
        () => {
          clearTimeout(timer);
          resolve(undefined);
        },
        { once: true },
      );
    });
  }
}
