import { formatMac } from '@rackwright/kernel';
import {
  diskThatSays,
  fleetIdentity,
  VirtualMachine,
  waitFor,
  type CollectedSpan,
  type MachineIdentity,
  type TaskSummary,
} from '@rackwright/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { finishInstallation, startFirmwareSite, type FirmwareSite } from './firmware-site.js';

/** Software emulation of two machines on two shared cores. */
const FIRMWARE_WITHIN_MS = 500_000;
const INSTALLER_WITHIN_MS = 900_000;

const firmwares = ['bios', 'uefi'] as const;
type Firmware = (typeof firmwares)[number];

const identities: Readonly<Record<Firmware, MachineIdentity>> = {
  bios: fleetIdentity('bios', 1),
  uefi: fleetIdentity('uefi', 1),
};

function installRequest(site: FirmwareSite, { mac, sn }: MachineIdentity): Record<string, unknown> {
  const kernel_args = 'console=ttyS0,115200n8';
  return { idc: site.idc, sn, mac: formatMac(mac), os_type: 'debian', os_version: '12', hostname: sn, kernel_args };
}

function machineOf(machines: ReadonlyMap<Firmware, VirtualMachine>, firmware: Firmware): VirtualMachine {
  const machine = machines.get(firmware);
  if (machine === undefined) throw new Error(`no ${firmware} machine runs`);
  return machine;
}

describe('machines with real firmware', () => {
  let site: FirmwareSite;
  const machines = new Map<Firmware, VirtualMachine>();

  beforeAll(async () => {
    site = await startFirmwareSite();
    for (const firmware of firmwares) {
      const identity = identities[firmware];
      machines.set(firmware, await VirtualMachine.powerOn({ network: site.network, identity, firmware }));
    }
  });

  afterAll(async () => {
    await Promise.all([...machines.values()].map((machine) => machine.powerOff()));
    await site[Symbol.asyncDispose]();
  });

  async function taskWhen(firmware: Firmware, is: (task: TaskSummary) => boolean, what: string): Promise<TaskSummary> {
    const { sn } = identities[firmware];
    return waitFor(
      async () => {
        const task = await site.api.task(site.idc, sn);
        return is(task) ? task : undefined;
      },
      { what: `${sn}: ${what}`, deadlineMs: INSTALLER_WITHIN_MS, pollMs: 250 },
    ).catch(async (cause: unknown) => {
      const serial = (await machineOf(machines, firmware).serial()).slice(-4_000);
      throw new Error(`${sn} wrote:\n${serial}\nits region:\n${site.regional.output().slice(-4_000)}`, { cause });
    });
  }

  it.each(firmwares)('%s: a machine nobody knows waits and shows as discovered', async (firmware) => {
    const machine = machineOf(machines, firmware);
    await machine.waitForSerial(`${formatMac(machine.identity.mac)} is known and waits`, FIRMWARE_WITHIN_MS);
    const serial = await machine.serial();
    expect(serial).toMatch(firmware === 'bios' ? /Booting from ROM/ : /NBP filename is ipxe\.efi/);
    const node = await waitFor(
      () => site.api.call<Record<string, unknown>>('GET', `/api/v1/nodes/${machine.identity.mac}`),
      { what: 'the node' },
    );
    expect(node).toMatchObject({ status: 'discovered', idc: site.idc });
    expect(node['ip']).toMatch(/^10\.99\.0\.[5-9]\d$/);
  });

  it.each(firmwares)('%s: the waiting machine boots the installer once its task is approved', async (firmware) => {
    const machine = machineOf(machines, firmware);
    const { sn } = machine.identity;
    await site.api.call('POST', '/api/v1/tasks', installRequest(site, machine.identity));
    await site.api.call('POST', `/api/v1/tasks/${site.idc}/${sn}/approve`, { notes: 'ok' });
    await machine.waitForSerial(`installing debian-12 on ${sn}`, FIRMWARE_WITHIN_MS);
    expect((await machine.serial()).split('initialising devices')).toHaveLength(2);
    await machine.waitForSerial('Linux version', FIRMWARE_WITHIN_MS);
  });

  it.each(firmwares)('%s: its installer fetches the answer file and reports', async (firmware) => {
    const task = await taskWhen(firmware, ({ progress }) => progress.some(({ step }) => step === 'start'), 'reports');
    expect(task.status).toBe('installing');
    expect(task.status_history.map(({ status }) => status)).toEqual(['pending', 'approved', 'installing']);
  });

  it('joins each installation to the first DHCP packet of its boot', async () => {
    const tasks = await site.api.tasks();
    const traceIds = tasks.map(({ traceparent }) => /^00-([0-9a-f]{32})-/.exec(traceparent ?? '')?.[1] ?? 'none');
    expect(new Set(traceIds).size).toBe(firmwares.length);
    const isRoot = ({ parentSpanId }: CollectedSpan): boolean => (parentSpanId ?? '') === '';
    for (const traceId of traceIds) {
      const roots = await waitFor(
        () => {
          const found = site.collector.trace(traceId).filter(isRoot);
          return found.length > 0 && found;
        },
        { what: `the first span of trace ${traceId}` },
      );
      expect(roots).toMatchObject([{ service: expect.stringMatching(/regional/) as string, name: 'boot.discover' }]);
    }
    const boots = site.collector.spans.filter(({ name }) => name === 'boot.discover');
    expect(boots.map(({ traceId }) => traceId).sort()).toEqual([...traceIds].sort());
  });
});

describe('machines whose task is completed', () => {
  const stack = new AsyncDisposableStack();
  const machines = new Map<Firmware, VirtualMachine>();
  let site: FirmwareSite;

  beforeAll(async () => {
    // Debian's ipxe.efi does not come back to EDK2 over a virtio card; snponly.efi does.
    site = stack.use(await startFirmwareSite({ RW_BOOT_FILES: '7=snponly.efi' }));
    const disk = diskThatSays('the installed system runs');
    for (const firmware of firmwares) {
      const identity = identities[firmware];
      await install(identity);
      const machine = await VirtualMachine.powerOn({ network: site.network, identity, firmware, disk });
      machines.set(firmware, stack.use(machine));
    }
  });

  afterAll(() => stack.disposeAsync());

  async function install(identity: MachineIdentity): Promise<void> {
    await site.api.call('POST', '/api/v1/tasks', { ...installRequest(site, identity), auto_approve: true });
    await waitFor(() => finishInstallation(site, identity).then(() => true), {
      what: 'the region knows the task',
      deadlineMs: 120_000,
    });
    const isCompleted = async (): Promise<boolean> =>
      (await site.api.task(site.idc, identity.sn)).status === 'completed';
    await waitFor(isCompleted, { what: 'the task is completed' });
  }

  it.each(firmwares)('%s: boots from its disk', async (firmware) => {
    const machine = machineOf(machines, firmware);
    await machine.waitForSerial('booting from the local disk', FIRMWARE_WITHIN_MS);
    // EDK2 tries its other network entries, for minutes, before the disk.
    const goesOn = firmware === 'bios' ? 'the installed system runs' : /BdsDxe: failed to start \S+ "UEFI PXEv4/;
    await machine.waitForSerial(goesOn, FIRMWARE_WITHIN_MS);
    expect((await site.api.task(site.idc, identities[firmware].sn)).status).toBe('completed');
  });
});
