import { expect, it } from 'vitest';
import { tftpProperties } from './tftp-properties.js';

it.each(tftpProperties)('$name', ({ check }) => {
  const { hasFailed, report } = check({ numRuns: 2_000 });
  expect(hasFailed, report).toBe(false);
});
