import { expect, it } from 'vitest';
import { dhcpProperties } from './dhcp-properties.js';

it.each(dhcpProperties)(
  '$name',
  ({ check }) => {
    const { hasFailed, report } = check({ numRuns: 500 });
    expect(hasFailed, report).toBe(false);
  },
  30_000,
);
