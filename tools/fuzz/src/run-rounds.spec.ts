import { expect, it } from 'vitest';
import type { FuzzEffort, FuzzProperty } from '@rackwright/testing';
import { runRounds } from './run-rounds.js';

let nowMs = 0;
const clock = { nowMs: () => nowMs, onTurn: () => undefined };

/** A property that takes all the time it is given, and is broken at its `failsAt`-th turn. */
function property(name: string, failsAt = Infinity): FuzzProperty & { readonly efforts: FuzzEffort[] } {
  const efforts: FuzzEffort[] = [];
  const check = (effort: FuzzEffort) => {
    efforts.push(effort);
    nowMs += effort.maxMs ?? 0;
    const { seed = 0 } = effort;
    return { hasFailed: efforts.length >= failsAt, numRuns: 10, seed, report: `${name} broke` };
  };
  return { name, efforts, check };
}

it('goes round with fresh seeds until the time is over', () => {
  const [one, other] = [property('one'), property('other')];
  const turns: unknown[] = [];
  const onTurn = ({ name }: FuzzProperty, seed: number) => void turns.push([name, seed]);
  const rounds = { ...clock, durationMs: 12_000, seed: 2_147_483_646, onTurn, onFinding: () => undefined };
  const outcome = runRounds([one, other], rounds);
  expect(one.efforts.map(({ maxMs, seed }) => [maxMs, seed])).toEqual([
    [5_000, 2_147_483_646],
    [2_000, -2_147_483_648],
  ]);
  expect(turns).toEqual([
    ['one', 2_147_483_646],
    ['other', 2_147_483_647],
    ['one', -2_147_483_648],
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
  const rounds = {
    ...clock,
    ...{ durationMs: 1_000_000, seed: 7 },
    onFinding: (_: FuzzProperty, { seed, report }: { readonly seed: number; readonly report: string }) =>
      void found.push(`${String(seed)} ${report}`),
  };
  expect(runRounds([one, other], rounds).findings).toBe(2);
  expect(found).toEqual(['7 one broke', '9 other broke']);
  expect([one.efforts.length, other.efforts.length]).toEqual([1, 2]);
});
