import { closeSync, openSync } from 'node:fs';
import { libc } from './libc.js';

const CLONE_NEWNET = 0x40000000;

/**
 * For tests: sockets made during the call belong to the network namespace of that name, whatever uses them later. Only
 * this thread enters it, and leaves it at once.
 */
export function inNamespace<T>(name: string, open: () => T): T {
  const home = openSync('/proc/thread-self/ns/net', 'r');
  const there = openSync(`/run/netns/${name}`, 'r');
  try {
    enter(there);
    return open();
  } finally {
    enter(home);
    closeSync(there);
    closeSync(home);
  }
}

function enter(descriptor: number): void {
  const { func, failure } = libc();
  if (func('int setns(int fd, int kind)')(descriptor, CLONE_NEWNET) === 0) return;
  throw new Error(`cannot enter the namespace: ${failure('setns').code}`);
}
