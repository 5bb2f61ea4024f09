import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import type { FuzzMessage } from './fuzz-message.js';
import { watchThread } from './watch-thread.js';

/** A thread that says what the test makes it say. */
class Thread extends EventEmitter {
  hasEnded = false;

  tell(message: FuzzMessage): void {
    this.emit('message', message);
  }

  async terminate(): Promise<void> {
    this.hasEnded = true;
    await Promise.resolve();
  }
}

function watched(stallMs: number) {
  const [thread, printed] = [new Thread(), [] as string[]];
  const findings = watchThread(thread, { stallMs, print: (text) => printed.push(text) });
  return { thread, findings, text: () => printed.join('') };
}

it('tells a finding with the command that shows it again, and the inputs tried', async () => {
  const { thread, findings, text } = watched(60_000);
  thread.tell({ kind: 'turn', name: 'DHCP: one', seed: 5 });
  thread.tell({ kind: 'found', name: 'DHCP: one', seed: 5, report: 'the smallest input' });
  thread.tell({ kind: 'done', runs: new Map([['DHCP: one', 7]]) });
  expect(await findings).toBe(1);
  expect(text()).toBe(
    `FOUND  DHCP: one\nthe smallest input\nagain: make fuzz ARGS='--seed 5 --only "DHCP: one"'\n\n` +
      '           7  DHCP: one\n           7  inputs\n',
  );
});

it.each([
  ['hangs', () => undefined, 'is not done with after 0.05 seconds'],
  ['dies', (thread: Thread) => void thread.emit('error', new Error('out of memory')), 'out of memory'],
])('a thread that %s has found something', async (_, happen, report) => {
  const { thread, findings, text } = watched(50);
  thread.tell({ kind: 'turn', name: 'TFTP: two', seed: -3 });
  happen(thread);
  expect(await findings).toBe(1);
  expect(text()).toContain(report);
  expect(text()).toContain(`--seed -3 --only "TFTP: two"`);
  expect(thread.hasEnded).toBe(true);
});
