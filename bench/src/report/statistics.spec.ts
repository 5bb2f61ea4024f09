import { describe, expect, it } from 'vitest';
import { median, percentile, ratios } from './statistics.js';

describe('percentile', () => {
  it('interpolates between the two samples around the position', () => {
    expect(percentile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(percentile([10, 20, 30, 40, 50], 0.9)).toBeCloseTo(46);
    expect(percentile([7], 0.99)).toBe(7);
    expect(median([9, 1, 5])).toBe(5);
  });

  it('leaves its samples as they are and refuses none at all', () => {
    const samples = [3, 1, 2];
    percentile(samples, 0.5);
    expect(samples).toEqual([3, 1, 2]);
    expect(() => percentile([], 0.5)).toThrow('at least one sample');
  });
});

describe('ratios', () => {
  it('divides pair by pair', () => {
    expect(ratios([10, 30], [20, 30])).toEqual([0.5, 1]);
    expect(ratios([10, 30], [20])).toEqual([0.5]);
  });
});
