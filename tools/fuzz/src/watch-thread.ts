import type { FuzzMessage } from './fuzz-message.js';

/** The thread that fuzzes, as far as it is watched. */
export interface FuzzThread {
  on(event: 'message', listener: (message: FuzzMessage) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  terminate(): Promise<unknown>;
}

export interface WatchOptions {
  /** A turn that takes longer never ends. */
  readonly stallMs: number;
  readonly print: (text: string) => void;
}

/** Tells what the thread finds, and that it hangs or dies; resolves with the number of findings. */
export async function watchThread(thread: FuzzThread, { stallMs, print }: WatchOptions): Promise<number> {
  let current: { readonly name: string; readonly seed: number } | undefined;
  let found = 0;
  const tell = ({ name, seed, report }: { readonly name: string; readonly seed: number; readonly report: string }) => {
    found += 1;
    print(`FOUND  ${name}\n${report}\nagain: make fuzz ARGS='--seed ${String(seed)} --only "${name}"'\n\n`);
  };
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const end = (how: string): void => {
    tell({ ...(current ?? { name: 'no property', seed: 0 }), report: how });
    resolve(undefined);
  };
  const stalled = (): void => {
    end(`Some input is not done with after ${String(stallMs / 1_000)} seconds.`);
  };
  let timer = setTimeout(stalled, stallMs);
  thread.on('message', (message) => {
    clearTimeout(timer);
    timer = setTimeout(stalled, stallMs);
    if (message.kind === 'turn') current = message;
    else if (message.kind === 'found') tell(message);
    else {
      summarise(message, print);
      resolve(undefined);
    }
  });
  thread.on('error', (error) => {
    end(`Some input ends the thread: ${error.message}`);
  });
  await promise;
  clearTimeout(timer);
  await thread.terminate();
  return found;
}

function summarise({ runs }: Extract<FuzzMessage, { kind: 'done' }>, print: WatchOptions['print']): void {
  for (const [name, count] of runs) print(`${String(count).padStart(12)}  ${name}\n`);
  const total = [...runs.values()].reduce((sum, count) => sum + count, 0);
  print(`${String(total).padStart(12)}  inputs\n`);
}
