import { describe, expect, it } from 'vitest';
import { ManualClock } from '@rackwright/testing';
import { LineBudget } from './line-budget.js';

describe('LineBudget', () => {
  it('admits fifty lines a second and tells how many it left out', () => {
    const clock = new ManualClock();
    const leftOut: number[] = [];
    const budget = new LineBudget(clock, (count) => leftOut.push(count));
    const admitted = (lines: number) => Array.from({ length: lines }, () => budget.admits()).filter(Boolean).length;
    expect(admitted(49)).toBe(49);
    expect(admitted(1_000)).toBe(1);
    expect(leftOut).toEqual([]);
    clock.advance(1_000);
    expect(leftOut).toEqual([999]);
    expect(admitted(60)).toBe(50);
    clock.advance(1_000);
    expect(leftOut).toEqual([999, 10]);
    clock.advance(5_000);
    expect(leftOut).toEqual([999, 10]);
  });
});
