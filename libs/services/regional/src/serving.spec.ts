import { expect, it } from 'vitest';
import { silentLogger } from '@rackwright/kernel';
import { ManualClock, SeededRandom } from '@rackwright/testing';
import type { BootPlane } from './boot-plane.port.js';
import { Serving } from './serving.js';

/** A boot plane that can refuse to start, as with a port in use. */
class Plane {
  isRunning = false;
  refusals = 0;

  async start(): Promise<void> {
    if (this.refusals > 0) {
      this.refusals -= 1;
      throw new Error('port 67 is in use');
    }
    this.isRunning = true;
  }

  async stop(): Promise<void> {
    this.isRunning = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

interface Rig {
  readonly clock: ManualClock;
  readonly plane: Plane;
  readonly serving: Serving;
}

function rigWith(openResponders: () => readonly AsyncDisposable[]): Rig {
  const clock = new ManualClock();
  const plane = new Plane();
  const serving = new Serving({
    plane: plane as unknown as BootPlane,
    openResponders,
    mayServeUnregistered: false,
    clock,
    random: new SeededRandom(3),
    logger: silentLogger,
  });
  serving.noteView();
  return { clock, plane, serving };
}

it('tries again until the boot plane starts, and says meanwhile why it does not serve', async () => {
  const { clock, plane, serving } = rigWith(() => []);
  plane.refusals = 3;
  serving.noteRole('active');
  await clock.advanceSettling(0);
  expect(serving.isOpen).toBe(false);
  expect(serving.reason).toBe('the region could not start to serve: port 67 is in use');
  await clock.advanceSettling(20_000);
  expect(serving.isOpen).toBe(true);
  await serving[Symbol.asyncDispose]();
  expect(plane.isRunning).toBe(false);
});

it('gives no addresses while what listens on the bus cannot start, and serves once it can', async () => {
  let failures = 2;
  const { clock, plane, serving } = rigWith(() => {
    failures -= 1;
    if (failures >= 0) throw new Error('closed connection');
    return [];
  });
  serving.noteRole('active');
  await clock.advanceSettling(0);
  expect([serving.isOpen, plane.isRunning]).toEqual([false, false]);
  await clock.advanceSettling(20_000);
  expect([serving.isOpen, plane.isRunning]).toEqual([true, true]);
  await serving[Symbol.asyncDispose]();
});

it('stops trying when another instance serves or the region ends', async () => {
  const { clock, plane, serving } = rigWith(() => []);
  plane.refusals = 1;
  serving.noteRole('active');
  await clock.advanceSettling(0);
  serving.noteRole('standby');
  await clock.advanceSettling(20_000);
  expect([serving.isOpen, plane.isRunning]).toEqual([false, false]);
  plane.refusals = 1;
  serving.noteRole('active');
  await clock.advanceSettling(0);
  await serving[Symbol.asyncDispose]();
  await clock.advanceSettling(20_000);
  expect([serving.isOpen, plane.isRunning]).toEqual([false, false]);
});
