import { describe, expect, it } from 'vitest';
import { inheritedDescriptors } from './index.js';

describe('inheritedDescriptors', () => {
  it('counts from descriptor 3', () => {
    expect(inheritedDescriptors({ LISTEN_PID: '42', LISTEN_FDS: '3' }, 42)).toEqual([3, 4, 5]);
  });

  it.each([
    {},
    { LISTEN_FDS: '1' },
    { LISTEN_PID: '41', LISTEN_FDS: '1' },
    { LISTEN_PID: '42', LISTEN_FDS: '0' },
    { LISTEN_PID: '42', LISTEN_FDS: '-1' },
    { LISTEN_PID: '42', LISTEN_FDS: 'x' },
  ])('finds none in %j', (environment) => {
    expect(inheritedDescriptors(environment, 42)).toEqual([]);
  });
});
