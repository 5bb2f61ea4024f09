import { describe, expect, it } from 'vitest';
import { verdictOf, type Figure } from './figure.js';
import { formatJson, formatTable } from './format-report.js';

const slow: Figure = {
  benchmark: 'create-task',
  name: 'latency p50',
  value: 7.512,
  unit: 'ms',
  target: { bound: 'at-most', limit: 5, because: '2 x raw + 1 ms' },
};
const fast: Figure = {
  benchmark: 'create-task',
  name: 'throughput',
  value: 0.61,
  unit: 'x',
  target: { bound: 'at-least', limit: 0.5 },
};
const plain: Figure = { benchmark: 'create-task', name: 'raw throughput', value: 1200.4, unit: '/s' };

describe('verdictOf', () => {
  it('compares with the limit, from the right side', () => {
    expect([slow, fast, plain].map(verdictOf)).toEqual(['missed', 'ok', undefined]);
    expect(verdictOf({ ...fast, value: 0.49 })).toBe('missed');
    expect(verdictOf({ ...slow, value: 5 })).toBe('ok');
  });
});

describe('formatTable', () => {
  it('lines up its columns and says what was missed', () => {
    expect(formatTable([slow, fast, plain]).split('\n')).toEqual([
      '| benchmark   | figure         | measured | target                      | verdict |',
      '| ----------- | -------------- | -------- | --------------------------- | ------- |',
      '| create-task | latency p50    | 7.51 ms  | <= 5.00 ms (2 x raw + 1 ms) | missed  |',
      '| create-task | throughput     | 0.61 x   | >= 0.50 x                   | ok      |',
      '| create-task | raw throughput | 1200/s   |                             |         |',
    ]);
  });
});

describe('formatJson', () => {
  it('carries the surroundings and a verdict per figure', () => {
    const around = { date: '2026-11-20', machine: 'm', command: 'c', versions: { node: '24' } };
    expect(JSON.parse(formatJson(around, [slow, plain]))).toEqual({
      ...around,
      figures: [{ ...slow, verdict: 'missed' }, plain],
    });
  });
});
