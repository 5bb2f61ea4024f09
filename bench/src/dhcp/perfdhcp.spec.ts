import { describe, expect, it } from 'vitest';
import { parsePerfdhcp } from './perfdhcp.js';

const report = `***Statistics for: DISCOVER-OFFER***
sent packets: 4000
received packets: 3990
drops: 10

***Statistics for: REQUEST-ACK***
sent packets: 3990
received packets: 3960
drops: 30
`;

describe('parsePerfdhcp', () => {
  it('counts an exchange as dropped whichever of its messages was', () => {
    const { offeredPerSecond, completed, dropShare } = parsePerfdhcp(report, 4);
    expect([offeredPerSecond, completed]).toEqual([1_000, 3_960]);
    expect(dropShare).toBeCloseTo(0.01);
  });

  it('refuses a report without figures', () => {
    expect(() => parsePerfdhcp('cannot bind', 4)).toThrow('cannot bind');
  });
});
