import { waitFor } from '../wait-for.js';
import { firmwares } from './firmware.js';
import { fleetIdentity } from './machine-identity.js';
import { SimulatedMachine, type MachineSetup } from './simulated-machine.js';

export interface FleetSetup extends Omit<MachineSetup, 'identity' | 'firmware'> {
  readonly prefix: string;
  readonly size: number;
}

/** Many machines on one wire, of all kinds of firmware. */
export class Fleet implements AsyncDisposable {
  readonly machines: readonly SimulatedMachine[];

  constructor({ prefix, size, ...setup }: FleetSetup) {
    this.machines = Array.from({ length: size }, (_, index) => {
      const firmware = firmwares[index % firmwares.length] ?? 'bios';
      return new SimulatedMachine({ ...setup, identity: fleetIdentity(prefix, index + 1), firmware });
    });
  }

  powerOn(): void {
    for (const machine of this.machines) machine.powerOn();
  }

  async powerOff(): Promise<void> {
    await Promise.all(this.machines.map((machine) => machine.powerOff()));
  }

  /** Resolves when every machine satisfies `predicate`; past the deadline rejects naming those that do not. */
  async all(predicate: (machine: SimulatedMachine) => boolean, what: string, deadlineMs = 120_000): Promise<void> {
    try {
      await waitFor(() => this.machines.every(predicate), { what, deadlineMs, pollMs: 20 });
    } catch (error) {
      const others = this.machines.filter((machine) => !predicate(machine));
      const some = others.slice(0, SHOWN).map(describeMachine).join('\n');
      throw new Error(`${what}: not so for ${String(others.length)} machines:\n${some}`, { cause: error });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.machines.map((machine) => machine[Symbol.asyncDispose]()));
  }
}

const RECENT = 6;
/** Machines a message names. */
const SHOWN = 5;

/** A machine's state and what it did last, for messages. */
export function describeMachine(machine: SimulatedMachine): string {
  const recent = machine.entries.slice(-RECENT).map(({ stage, detail }) => `${stage} ${detail}`.trim());
  return `${machine.identity.sn} (${machine.firmware}) ${machine.stage}: ${recent.join(' > ')}`;
}
