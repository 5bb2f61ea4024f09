import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

// Ten thousand machines live in some hundred megabytes. By default V8 lets the heap grow to twice what is alive, and the
// young generation to 96 MB, before it collects; a region on a small host trades a little time for that memory.
// Imported first: what is allocated before counts already.
setFlagsFromString('--heap-growing-percent=20');
setFlagsFromString('--semi-space-growth-factor=1');
setFlagsFromString('--max-semi-space-size=8');
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as (options: { readonly type: 'major'; readonly flavor: 'last-resort' }) => void;

/**
 * Gives back the memory that reading the whole view took. Nothing else would: a region that waits for its machines
 * allocates too little for V8 to collect by itself. Pauses for about as many milliseconds as there are megabytes alive.
 */
export function returnMemory(): void {
  collect({ type: 'major', flavor: 'last-resort' });
  // From now on thousands of short-lived packets a second are the load, and a young generation of 1 MB is collected at
  // each turn. It grows while they come, to the size set above.
  setFlagsFromString('--semi-space-growth-factor=2');
}
