import { expect, it } from 'vitest';
import type { FuzzEffort, FuzzProperty } from '@rackwright/testing';
import { runRounds } from './run-rounds.js';

let nowMs = 0;
/** A property that takes all the time it is given, and is broken at its `failsAt`-th turn. */
function property(name: string, failsAt = Infinity): FuzzProperty & { readonly efforts: FuzzEffort[] } {
  const efforts: FuzzEffort[] = [];
  const check = (effort: FuzzEffort) => {
    efforts.push(effort);
    nowMs += effort.maxMs ?? 0;
    return { hasFailed: efforts.length >= failsAt, numRuns: 10, seed: 1, report: `${name} broke` };
  };
  return { name, efforts, check };
}

it('goes round with fresh seeds until the time is over', () => {
  const [one, other] = [property('one'), property('other')];
  const outcome = runRounds([one, other], 12_000, { nowMs: () => nowMs, onFinding: () => undefined });
  expect(one.efforts.map(({ maxMs, seed }) => [maxMs, seed])).toEqual([
    [5_000, undefined],
    [2_000, undefined],
  ]);
  expect([...outcome.runs]).toEqual([
    ['one', 20],
    ['other', 10],
  ]);
  expect(outcome.findings).toBe(0);
});

it('tells a finding once, goes on with the others, and ends when none is left', () => {
  const [one, other] = [property('one', 1), property('other', 2)];
  const found: string[] = [];
  const notes = { nowMs: () => nowMs, onFinding: (_: FuzzProperty, report: string) => void found.push(report) };
  expect(runRounds([one, other], 1_000_000, notes).findings).toBe(2);
  expect(found).toEqual(['one broke', 'other broke']);
  expect([one.efforts.length, other.efforts.length]).toEqual([1, 2]);
});
