import { describe, expect, it } from 'vitest';
import { negotiate } from './negotiate.js';
import { defaultReadSessionLimits } from './read-session.js';
import { SendWindow } from './send-window.js';

const GIB = 2 ** 30;

function start(sizeBytes: number, options: Readonly<Record<string, string>>): SendWindow {
  const limits = defaultReadSessionLimits;
  const request = { kind: 'rrq', filename: 'f', mode: 'octet', options: new Map(Object.entries(options)) } as const;
  const window = new SendWindow({ negotiated: negotiate(request, sizeBytes, limits), sizeBytes, nowMs: 0, limits });
  if (window.isOackDue) window.oackSent();
  return window;
}

describe('SendWindow', () => {
  it.each(['1', '30', '255'])(
    'T15 T22 does not wait for a first answer longer than 30 s with timeout %s',
    (timeout) => {
      const window = start(GIB, { timeout });
      for (let { deadlineMs } = window; deadlineMs !== undefined; { deadlineMs } = window) {
        expect(deadlineMs).toBeLessThanOrEqual(30_000);
        window.advance(deadlineMs);
        if (window.isOackDue) window.oackSent();
      }
      expect(window.outcome).toEqual({ kind: 'timed-out' });
    },
  );

  it('T15 keeps to the interval asked for after the first answer, RFC 2349', () => {
    const window = start(GIB, { timeout: '255' });
    window.advance(20_000);
    window.acknowledge(0);
    window.blocksSent(1);
    expect(window.deadlineMs).toBe(275_000);
  });

  it('T14 T16 T19 counts through a file of more than 4 GiB, RFC 2349, 7440', () => {
    const blockSizeBytes = 1_468;
    const sizeBytes = 5 * GIB + 1;
    const window = start(sizeBytes, { tsize: '0', blksize: String(blockSizeBytes), windowsize: '64' });
    window.acknowledge(0);
    let octets = 0;
    while (window.outcome === undefined) {
      const last = window.lastDue;
      expect(window.nextDue).toBeLessThanOrEqual(last);
      octets = Math.min(last * blockSizeBytes, sizeBytes);
      window.blocksSent(last);
      window.acknowledge(last % 65_536);
    }
    expect(window.outcome).toEqual({ kind: 'completed' });
    expect([octets, window.acknowledgedBytes]).toEqual([sizeBytes, sizeBytes]);
  });
});
