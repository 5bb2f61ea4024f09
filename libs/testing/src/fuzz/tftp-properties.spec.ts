import fc from 'fast-check';
import { expect, it } from 'vitest';
import { tftpProperties } from './tftp-properties.js';

it.each(tftpProperties)('$name', ({ check }) => {
  const details = check({ numRuns: 2_000 });
  expect(details.failed, fc.defaultReportMessage(details)).toBe(false);
});
