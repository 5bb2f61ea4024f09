import type { Random } from '@rackwright/kernel';
import { pause } from './dhcp-client.js';
import { firmwareTraits, type Firmware } from './firmware.js';
import { sendGarbage } from './garbage.js';
import type { MachineFaults, MachineStage } from './machine-faults.js';
import { MachineHttp } from './machine-http.js';
import type { MachineIdentity } from './machine-identity.js';
import { bootFromNetwork } from './network-boot.js';
import type { BootTarget } from './boot-context.js';
import { runInstaller } from './installer.js';
import { runRamOs, type SystemContext, type SystemEnd } from './ram-os.js';
import type { SimulatedRelay } from './simulated-relay.js';

/** How fast a simulated machine lives, in milliseconds. */
export interface MachinePace {
  /** Waits between DHCP transmissions (firmware: 4, 8, 16, 32 s). */
  readonly dhcpRetryMs: readonly number[];
  readonly httpRetryMs: number;
  /** How long one step of an installation takes. */
  readonly stepMs: number;
  /** What one second of `sleep` in a script takes. */
  readonly scriptSecondMs: number;
  /** From power-on to the first packet, and between a reboot and power-on. */
  readonly selfTestMs: number;
}

/** Real timers shortened about twenty times. */
export const briskPace: MachinePace = {
  dhcpRetryMs: [200, 400, 800, 1_600, 3_200],
  httpRetryMs: 100,
  stepMs: 20,
  scriptSecondMs: 20,
  selfTestMs: 5,
};

export interface MachineSetup {
  readonly identity: MachineIdentity;
  readonly firmware: Firmware;
  readonly relay: SimulatedRelay;
  /** Where the next server's TFTP really listens; 69 outside simulations. */
  readonly tftpPort: number;
  readonly random: Random;
  readonly pace?: MachinePace;
  readonly faults?: MachineFaults;
}

/** What is on the machine's disk. */
export interface SimulatedDisk {
  /** Attempt whose system the disk holds. */
  readonly taskId: string | undefined;
  /** How often the disk was written: 1 after one installation, however often the machine was switched on since. */
  readonly installations: number;
}

/** Something the machine did. */
export interface MachineEntry {
  readonly stage: MachineStage;
  readonly detail: string;
}

const MAX_ENTRIES = 1_000;
/** How long a machine that found nothing to boot waits until it tries again. */
const NO_DEVICE_RETRIES = 20;

/** A server that speaks the real protocols over real sockets: firmware, iPXE, RAM OS or installer, and disk. */
export class SimulatedMachine implements AsyncDisposable {
  readonly identity: MachineIdentity;
  readonly firmware: Firmware;
  faults: MachineFaults;
  readonly #setup: MachineSetup;
  readonly #pace: MachinePace;
  readonly #listeners = new Set<() => void>();
  readonly #entries: MachineEntry[] = [];
  #stage: MachineStage = 'off';
  #percent = 0;
  #disk: SimulatedDisk = { taskId: undefined, installations: 0 };
  #power: AbortController | undefined;
  #running: Promise<void> = Promise.resolve();
  #boots = 0;

  constructor(setup: MachineSetup) {
    this.#setup = setup;
    this.#pace = setup.pace ?? briskPace;
    this.identity = setup.identity;
    this.firmware = setup.firmware;
    this.faults = setup.faults ?? {};
  }

  get stage(): MachineStage {
    return this.#stage;
  }

  get percent(): number {
    return this.#percent;
  }

  get disk(): SimulatedDisk {
    return this.#disk;
  }

  /** Times it was switched on or rebooted. */
  get boots(): number {
    return this.#boots;
  }

  /** The newest things it did, oldest first. */
  get entries(): readonly MachineEntry[] {
    return this.#entries;
  }

  /** Calls `listener` on every change until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  powerOn(): void {
    if (this.#power !== undefined) return;
    const power = new AbortController();
    this.#power = power;
    this.#running = this.#live(power.signal).catch((error: unknown) => {
      if (!power.signal.aborted) this.#enter('stopped', (error as Error).message);
    });
  }

  /** Pulls the plug: whatever it was doing stops where it is. */
  async powerOff(): Promise<void> {
    this.#power?.abort(new Error('power off'));
    this.#power = undefined;
    await this.#running;
    this.#enter('off', '');
  }

  async powerCycle(): Promise<void> {
    await this.powerOff();
    this.powerOn();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.powerOff();
    this.#listeners.clear();
  }

  async #live(signal: AbortSignal): Promise<void> {
    for (;;) {
      await pause(this.#pace.selfTestMs, signal);
      this.#boots += 1;
      const ended = await this.#bootOnce(signal).catch((error: unknown) => {
        if (error instanceof PowerLost) return 'reboot';
        throw error;
      });
      if (ended === 'halt') return;
    }
  }

  async #bootOnce(signal: AbortSignal): Promise<SystemEnd> {
    const { relay, tftpPort, random } = this.#setup;
    if (this.faults.garbage === true) await sendGarbage({ relay, tftpPort, random });
    const http = new MachineHttp({
      retryMs: this.#pace.httpRetryMs,
      signal,
      onRetry: (reason) => {
        this.#note(reason);
      },
    });
    const enter = (stage: MachineStage, percent?: number): Promise<void> => this.#reach(stage, percent, signal);
    const target = await bootFromNetwork({
      identity: this.identity,
      firmware: this.firmware,
      traits: firmwareTraits[this.firmware],
      dhcp: {
        mac: this.identity.mac,
        relay,
        random,
        retryMs: this.#pace.dhcpRetryMs,
        copies: this.faults.dhcpCopies ?? 1,
      },
      tftpPort,
      http,
      scriptSecondMs: this.#pace.scriptSecondMs,
      signal,
      enter,
      note: (detail) => {
        this.#note(detail);
      },
    });
    return this.#boot(target, { http, signal, enter });
  }

  async #boot(
    target: BootTarget,
    { http, signal, enter }: Pick<SystemContext, 'http' | 'signal' | 'enter'>,
  ): Promise<SystemEnd> {
    if (target.kind === 'disk') return this.#bootDisk(signal, enter);
    const system: SystemContext = {
      identity: this.identity,
      kernelArgs: target.kernelArgs,
      http,
      faults: this.faults,
      stepMs: this.#pace.stepMs,
      signal,
      enter,
      writeDisk: (taskId) => {
        this.#disk = { taskId, installations: this.#disk.installations + 1 };
      },
    };
    return target.kernelArgs.has('rw.agent') ? runRamOs(system) : runInstaller(system);
  }

  async #bootDisk(signal: AbortSignal, enter: SystemContext['enter']): Promise<SystemEnd> {
    if (this.#disk.taskId !== undefined) {
      await enter('disk', 100);
      return 'halt';
    }
    await enter('no-boot-device');
    await pause(this.#pace.httpRetryMs * NO_DEVICE_RETRIES, signal);
    return 'reboot';
  }

  async #reach(stage: MachineStage, percent: number | undefined, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#percent = percent ?? this.#percent;
    this.#enter(stage, percent === undefined ? '' : `${String(percent)} %`);
    if (this.faults.stopsAt === stage) {
      this.#enter('stopped', `at ${stage}`);
      await new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => {
          reject(signal.reason as Error);
        });
      });
    }
    if (this.faults.rebootsAt === stage) {
      this.faults = withoutReboot(this.faults);
      throw new PowerLost(stage);
    }
  }

  #enter(stage: MachineStage, detail: string): void {
    this.#stage = stage;
    this.#note(detail);
  }

  #note(detail: string): void {
    this.#entries.push({ stage: this.#stage, detail });
    if (this.#entries.length > MAX_ENTRIES) this.#entries.shift();
    for (const listener of this.#listeners) listener();
  }
}

function withoutReboot(faults: MachineFaults): MachineFaults {
  return Object.fromEntries(Object.entries(faults).filter(([name]) => name !== 'rebootsAt'));
}

class PowerLost extends Error {
  constructor(stage: MachineStage) {
    super(`power lost at ${stage}`);
  }
}
