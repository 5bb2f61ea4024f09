import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { TurnWriter } from './turn-writer.js';

function open() {
  const written: string[] = [];
  return { written, writer: new TurnWriter({ write: (text) => written.push(text) }) };
}

it('writes the lines of one turn together, in order, and those of the next turn apart', async () => {
  const { written, writer } = open();
  writer.write('a\n');
  await Promise.resolve();
  writer.write('b\n');
  expect(written).toEqual([]);
  await setImmediate();
  expect(written).toEqual(['a\nb\n']);
  writer.write('c\n');
  await setImmediate();
  expect(written).toEqual(['a\nb\n', 'c\n']);
});

it('writes at once what must not wait, and nothing twice', async () => {
  const { written, writer } = open();
  writer.write('a\n');
  writer.flush();
  expect(written).toEqual(['a\n']);
  await setImmediate();
  expect(written).toEqual(['a\n']);
});

it('holds back no burst', () => {
  const { written, writer } = open();
  writer.write('x'.repeat(64 * 1_024));
  expect(written).toHaveLength(1);
});
