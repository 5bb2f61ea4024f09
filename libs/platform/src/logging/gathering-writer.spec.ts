import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { GatheringWriter } from './gathering-writer.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function open() {
  const written: string[] = [];
  return { written, writer: new GatheringWriter({ write: (text) => written.push(text) }) };
}

it('writes the lines of a moment together, in order, and later ones apart', () => {
  const { written, writer } = open();
  writer.write('a\n');
  vi.advanceTimersByTime(4);
  writer.write('b\n');
  expect(written).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(written).toEqual(['a\nb\n']);
  writer.write('c\n');
  vi.advanceTimersByTime(5);
  expect(written).toEqual(['a\nb\n', 'c\n']);
});

it('writes at once what must not wait, and nothing twice', () => {
  const { written, writer } = open();
  writer.write('a\n');
  writer.flush();
  expect(written).toEqual(['a\n']);
  vi.advanceTimersByTime(5);
  expect(written).toEqual(['a\n']);
});

it('holds back no burst', () => {
  const { written, writer } = open();
  writer.write('x'.repeat(64 * 1_024));
  expect(written).toHaveLength(1);
});
