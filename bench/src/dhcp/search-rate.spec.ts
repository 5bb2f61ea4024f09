import { describe, expect, it } from 'vitest';
import { searchRate } from './search-rate.js';

const search = { startPerSecond: 1_000, maxPerSecond: 100_000, precision: 0.05 };

async function find(limit: number): Promise<{ readonly perSecond: number; readonly attempts: number }> {
  let attempts = 0;
  const { perSecond } = await searchRate(search, async (rate) => {
    attempts += 1;
    return { isSustained: rate <= limit };
  });
  return { perSecond, attempts };
}

describe('searchRate', () => {
  it('finds the limit from below, to the precision asked for', async () => {
    for (const limit of [1_200, 3_333, 9_000, 64_000]) {
      const { perSecond } = await find(limit);
      expect(perSecond).toBeLessThanOrEqual(limit);
      expect(perSecond).toBeGreaterThan(limit * 0.93);
    }
  });

  it('ends when nothing works, and when everything does', async () => {
    expect((await find(0)).perSecond).toBe(0);
    expect((await find(1e9)).perSecond).toBeGreaterThan(95_000);
  });

  it('forgives one failure', async () => {
    let hasFailed = false;
    const { perSecond } = await searchRate(search, async (rate) => {
      if (rate === 2_000 && !hasFailed) {
        hasFailed = true;
        return { isSustained: false };
      }
      return { isSustained: rate <= 8_000 };
    });
    expect(perSecond).toBeGreaterThan(7_500);
  });
});
