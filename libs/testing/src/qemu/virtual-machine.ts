import { copyFile, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatMac } from '@rackwright/kernel';
import { launchProcess, type LaunchedProcess } from '../launchers/launch-process.js';
import type { MachineIdentity } from '../machines/machine-identity.js';
import { waitFor } from '../wait-for.js';
import type { PrivateNetwork } from './private-network.js';

/** What to emulate. */
export interface VirtualMachineSetup {
  readonly network: PrivateNetwork;
  readonly identity: MachineIdentity;
  /**
   * `bios`: the network card's ROM is iPXE. `uefi`: the firmware's own PXE client, x64. `uefi-http`: the same firmware
   * with PXE and IPv6 turned off, so that it boots by HTTP.
   */
  readonly firmware: 'bios' | 'uefi' | 'uefi-http';
  /** Content of its only disk; without it the machine has none. */
  readonly disk?: Uint8Array;
}

const MEMORY_MIB = 1024;
const OVMF_DIR = '/usr/share/OVMF';
const HTTP_ONLY = ['IPv4PXESupport', 'IPv6PXESupport', 'IPv6Support'].flatMap((name) => [
  '-fw_cfg',
  `name=opt/org.tianocore/${name},string=no`,
]);
const INSTALL_HINT = 'apt-get install qemu-system-x86 ipxe-qemu ovmf';
const ESCAPE_SEQUENCE = new RegExp(String.raw`\u001b(?:\[[0-9;?=]*[ -/]*[@-~]|[()][0-9A-B])`, 'g');
const SAID_CHARS = 2_000;

/** A machine with real firmware, emulated in software, powered on. Its power goes off on disposal. */
export class VirtualMachine implements AsyncDisposable {
  readonly identity: MachineIdentity;
  readonly #process: LaunchedProcess;
  readonly #serialLog: string;

  private constructor(identity: MachineIdentity, process: LaunchedProcess, serialLog: string) {
    this.identity = identity;
    this.#process = process;
    this.#serialLog = serialLog;
  }

  /** Plugs the machine into the network and switches it on. Needs Debian's qemu-system-x86, ipxe-qemu and ovmf. */
  static async powerOn(setup: VirtualMachineSetup): Promise<VirtualMachine> {
    const dir = await mkdtemp(join(setup.network.dir, 'machine-'));
    const serialLog = join(dir, 'serial.log');
    await writeFile(serialLog, '');
    const child = await launchProcess({
      command: 'qemu-system-x86_64',
      args: [
        ...['-accel', 'tcg,thread=multi', '-cpu', 'max', '-m', String(MEMORY_MIB)],
        ...['-display', 'none', '-monitor', 'none', '-serial', `file:${serialLog}`],
        ...['-smbios', `type=1,serial=${setup.identity.sn},uuid=${setup.identity.uuid}`],
        ...['-netdev', `tap,id=net0,ifname=${await setup.network.addTap()},script=no,downscript=no`],
        ...(await firmwareArguments(setup, dir)),
        ...(await diskArguments(setup.disk, dir)),
      ],
      networkNamespace: setup.network.networkNamespace,
      installHint: INSTALL_HINT,
    });
    return new VirtualMachine(setup.identity, child, serialLog);
  }

  /** What it wrote to its serial port since power-on: firmware, iPXE and kernel, without escape sequences. */
  async serial(): Promise<string> {
    return (await readFile(this.#serialLog, 'latin1')).replace(ESCAPE_SEQUENCE, '').replaceAll('\r', '');
  }

  /** Waits until the serial output has `text`; rejects with the end of it when it does not come. */
  async waitForSerial(text: string | RegExp, deadlineMs: number): Promise<void> {
    const look = async (): Promise<boolean> => {
      if (this.#process.hasExited()) return true;
      const said = await this.serial();
      return typeof text === 'string' ? said.includes(text) : text.test(said);
    };
    const expectation = { what: `${this.identity.sn} writes ${String(text)}`, deadlineMs, pollMs: 250 };
    try {
      await waitFor(look, expectation);
    } catch (cause) {
      throw new Error(`${expectation.what}; it wrote:\n${(await this.serial()).slice(-SAID_CHARS)}`, { cause });
    }
    if (this.#process.hasExited()) throw new Error(`${this.identity.sn} is off:\n${this.#process.output()}`);
  }

  /** Cuts the power. */
  powerOff(): Promise<void> {
    return this.#process.kill9();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.powerOff();
  }
}

async function firmwareArguments(setup: VirtualMachineSetup, dir: string): Promise<readonly string[]> {
  const card = `virtio-net-pci,netdev=net0,mac=${formatMac(setup.identity.mac)},bootindex=0`;
  // Without graphics SeaBIOS and the ROM's iPXE use the serial port as their console.
  if (setup.firmware === 'bios') return ['-machine', 'pc,graphics=off', '-device', card];
  const variables = join(dir, 'variables.fd');
  await copyFile(join(OVMF_DIR, 'OVMF_VARS_4M.fd'), variables).catch((cause: unknown) => {
    throw new Error(`no UEFI firmware in ${OVMF_DIR}: run \`${INSTALL_HINT}\``, { cause });
  });
  const code = `if=pflash,format=raw,readonly=on,file=${join(OVMF_DIR, 'OVMF_CODE_4M.fd')}`;
  // The card's ROM holds an iPXE for UEFI too, which would take the place of the firmware's own PXE client.
  const board = ['-device', `${card},romfile=`, '-drive', code, '-drive', `if=pflash,format=raw,file=${variables}`];
  return setup.firmware === 'uefi' ? board : [...board, ...HTTP_ONLY];
}

async function diskArguments(disk: Uint8Array | undefined, dir: string): Promise<readonly string[]> {
  if (disk === undefined) return [];
  const path = join(dir, 'disk.raw');
  await writeFile(path, disk);
  return ['-drive', `file=${path},format=raw,if=none,id=disk0`, '-device', 'ide-hd,drive=disk0,bootindex=1'];
}
