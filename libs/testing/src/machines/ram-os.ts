import { formatMac } from '@rackwright/kernel';
import { pause } from './dhcp-client.js';
import type { MachineFaults, MachineStage } from './machine-faults.js';
import type { MachineHttp } from './machine-http.js';
import type { MachineIdentity } from './machine-identity.js';
import { simulatedHardware } from './simulated-hardware.js';

/** What a booted system has to work with. */
export interface SystemContext {
  readonly identity: MachineIdentity;
  /** Arguments of the kernel command line by name. */
  readonly kernelArgs: ReadonlyMap<string, string>;
  readonly http: MachineHttp;
  readonly faults: MachineFaults;
  /** How long one step of an installation takes. */
  readonly stepMs: number;
  readonly signal: AbortSignal;
  readonly enter: (stage: MachineStage, percent?: number) => Promise<void>;
  /** The disk now holds the system of this attempt. */
  readonly writeDisk: (taskId: string) => void;
}

/** How a booted system ended. */
export type SystemEnd = 'reboot' | 'halt';

interface AgentLink {
  readonly url: string;
  readonly token: string;
  readonly taskId: string;
}

const OPERATION_POLL_MS = 1_000;

/** The install agent in the RAM OS: the server-driven loop of contracts section 2. */
export async function runRamOs(system: SystemContext): Promise<SystemEnd> {
  const link = agentLink(system.kernelArgs);
  const { identity } = system;
  await system.enter('report');
  const hardware = simulatedHardware(identity);
  await post(system, link, 'report', { mac_address: formatMac(identity.mac), hardware });
  for (;;) {
    const { operation } = await post(system, link, 'device/getNextOperation', {});
    switch (operation) {
      case 'hardware_config':
      case 'network_config':
      case 'os_install':
        await operate(system, link, operation);
        break;
      case 'reboot':
        await system.enter('reboot');
        await post(system, link, 'device/operationComplete', { operation, success: true });
        return 'reboot';
      case 'complete':
        return 'reboot';
      default:
        await pause(OPERATION_POLL_MS, system.signal);
    }
  }
}

function agentLink(kernelArgs: ReadonlyMap<string, string>): AgentLink {
  const [url, token, taskId] = ['rw.url', 'rw.token', 'rw.task'].map((name) => kernelArgs.get(name));
  if (url === undefined || token === undefined || taskId === undefined) {
    throw new Error('the kernel command line lacks rw.url, rw.token or rw.task');
  }
  return { url, token, taskId };
}

async function post(
  system: SystemContext,
  link: AgentLink,
  ...[verb, body]: readonly [string, Record<string, unknown>]
): Promise<Record<string, unknown>> {
  const call = { url: `${link.url}/api/v1/${verb}`, method: 'POST', token: link.token } as const;
  const answer = await system.http.json({ ...call, json: { sn: system.identity.sn, ...body } });
  return answer as Record<string, unknown>;
}

type WorkOperation = 'hardware_config' | 'network_config' | 'os_install';

const configVerbs = {
  hardware_config: 'device/getHardwareConfig',
  network_config: 'device/getOSInstallConfig',
  os_install: 'device/getOSInstallConfig',
} as const satisfies Record<WorkOperation, string>;

/** Percentages each operation reports on its way. */
const milestones: Readonly<Record<WorkOperation, readonly number[]>> = {
  hardware_config: [5],
  network_config: [12],
  os_install: [20, 40, 60, 80, 90],
};

async function operate(system: SystemContext, link: AgentLink, operation: WorkOperation): Promise<void> {
  await system.enter(operation);
  await post(system, link, configVerbs[operation], {});
  for (const percent of milestones[operation]) {
    await pause(system.stepMs, system.signal);
    await system.enter(operation, percent);
    await post(system, link, 'progress', {
      mac_address: formatMac(system.identity.mac),
      task_id: link.taskId,
      step: operation,
      percent,
      message: `${operation} at ${String(percent)} %`,
    });
    await sendLogs(system, link, [`${operation}: ${String(percent)} %`, `${operation}: still going`]);
  }
  const success = system.faults.failsOperation !== operation;
  if (success && operation === 'os_install') system.writeDisk(link.taskId);
  const message = success ? '' : 'simulated failure';
  await post(system, link, 'device/operationComplete', { operation, success, message });
}

async function sendLogs(system: SystemContext, link: AgentLink, lines: readonly string[]): Promise<void> {
  const at = new Date().toISOString();
  await system.http.call({
    url: `${link.url}/api/v1/logs`,
    method: 'POST',
    token: link.token,
    ndjson: lines.map((text) => ({ sn: system.identity.sn, task_id: link.taskId, at, text })),
  });
}
