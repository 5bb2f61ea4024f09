import { appendFile, mkdir, mkdtemp, open, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WatchedFile } from '@rackwright/contracts';
import type { Cancel, Clock } from '@rackwright/kernel';
import {
  ManualClock,
  RealClock,
  waitFor,
  watchedFilesConformance,
  type WatchedFilesHarness,
} from '@rackwright/testing';
import { PolledFiles } from './index.js';

const brisk = { pollMs: 20, settleMs: 10 };

/** Time that stands still during a piece of work: nobody looks at a file that a slow disk has written in part. */
class HoldableClock implements Clock {
  readonly #real = new RealClock();
  #released = Promise.resolve();

  now(): ReturnType<Clock['now']> {
    return this.#real.now();
  }

  monotonicMs(): number {
    return this.#real.monotonicMs();
  }

  schedule(delayMs: number, task: () => void): Cancel {
    let isCanceled = false;
    const whenReleased = (): void => {
      if (!isCanceled) task();
    };
    const cancel = this.#real.schedule(delayMs, () => void this.#released.then(whenReleased));
    return () => {
      isCanceled = true;
      cancel();
    };
  }

  holdDuring(work: Promise<void>): Promise<void> {
    this.#released = work.catch(() => undefined);
    return work;
  }
}

async function workDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'rw-watched-'));
}

async function harness(put: (path: string, contents: Uint8Array) => Promise<void>): Promise<WatchedFilesHarness> {
  const directory = await workDirectory();
  const path = join(directory, 'machines.yaml');
  const clock = new HoldableClock();
  return {
    files: new PolledFiles({ ...brisk, clock }),
    path,
    write: (contents) => clock.holdDuring(put(path, contents)),
    remove: () => rm(path),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true }),
  };
}

async function renameOver(path: string, contents: Uint8Array): Promise<void> {
  const fresh = `${path}.new`;
  await writeFile(fresh, contents);
  await rename(fresh, path);
}

let swaps = 0;

/** As kubelet updates a volume: path -> ..data/file, ..data -> a folder, and ..data is switched. */
async function switchLink(path: string, contents: Uint8Array): Promise<void> {
  swaps += 1;
  const directory = dirname(path);
  const version = join(directory, `..v${swaps}`);
  await mkdir(version);
  await writeFile(join(version, 'machines.yaml'), contents);
  await symlink(version, join(directory, '..next'));
  await rename(join(directory, '..next'), join(directory, '..data'));
  await symlink('..data/machines.yaml', path).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  });
}

watchedFilesConformance('PolledFiles, written in place', () => harness(writeFile));
watchedFilesConformance('PolledFiles, renamed over', () => harness(renameOver));
watchedFilesConformance('PolledFiles, link switched', () => harness(switchLink));

describe('PolledFiles', () => {
  let directory: string;
  let path: string;
  let told: string[];
  let watched: WatchedFile | undefined;

  beforeEach(async () => {
    directory = await workDirectory();
    path = join(directory, 'machines.yaml');
    told = [];
  });

  afterEach(async () => {
    await watched?.[Symbol.asyncDispose]();
    watched = undefined;
    await rm(directory, { recursive: true });
  });

  function watch(clock: Clock = new RealClock(), settleMs = brisk.settleMs): void {
    watched = new PolledFiles({ ...brisk, clock, settleMs }).watch(
      { path, maxBytes: 1_000 },
      { onContents: (bytes) => told.push(Buffer.from(bytes).toString()), onFault: ({ detail }) => told.push(detail) },
    );
  }

  it('waits until a file that is being written has come to rest', async () => {
    const clock = new ManualClock();
    const hears = async (count: number, what: string): Promise<void> => {
      const look = (): boolean => {
        clock.advance(50);
        return told.length === count;
      };
      await waitFor(look, { what });
    };
    await writeFile(path, 'whole');
    watch(clock, 150);
    await hears(1, 'the first contents');
    const file = await open(path, 'w');
    for (const piece of ['a', 'b', 'c', 'd', 'e', 'f']) {
      await file.write(piece);
      clock.advance(100);
      // Whether a look gets done meanwhile or not, there is something new at every next one.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await file.close();
    await hears(2, 'the second contents');
    expect(told).toEqual(['whole', 'abcdef']);
  });

  it('sees contents of the same length and the same modification time', async () => {
    await writeFile(path, 'aaaa');
    watch();
    await waitFor(() => told.length === 1, { what: 'the first contents' });
    const file = await open(path, 'r+');
    await file.write('bbbb', 0);
    await file.utimes(new Date(0), new Date(0));
    await file.close();
    await waitFor(() => told.length === 2, { what: 'the second contents' });
    expect(told).toEqual(['aaaa', 'bbbb']);
  });

  it('refuses what is not a regular file, without waiting for it', async () => {
    await mkdir(path);
    watch();
    await waitFor(() => told.length === 1, { what: 'the fault' });
    expect(told).toEqual(['not a regular file']);
    await rm(path, { recursive: true });
    await appendFile(path, 'back');
    await waitFor(() => told.includes('back'), { what: 'the contents' });
  });
});
