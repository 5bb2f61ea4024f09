import { describe, expect, it } from 'vitest';
import type { DhcpRequest } from '@rackwright/domain-netboot';
import type { Mac } from '@rackwright/kernel';
import { ManualClock, SeededRandom } from '@rackwright/testing';
import { BootTraces } from '../tracing/boot-traces.js';
import { BootStarts } from './boot-starts.js';

const mac = '020000000001' as Mac;

function discover(kind: DhcpRequest['client']['kind'], xid: number): DhcpRequest {
  return { type: 'discover', isBootRequest: true, xid, client: { kind, architectures: [] } };
}

/** Plays DISCOVERs at seconds; gives those that started a boot, and whether each had its own trace. */
async function starts(...messages: readonly [second: number, kind: DhcpRequest['client']['kind'], xid: number][]) {
  const clock = new ManualClock();
  const traces = new BootTraces();
  const boots = new BootStarts({ clock, random: new SeededRandom(1), traces });
  const started: number[] = [];
  const begun = new Set<string>();
  let now = 0;
  for (const [second, kind, xid] of messages) {
    clock.advance((second - now) * 1_000);
    now = second;
    const trace = await boots.note(mac, discover(kind, xid));
    if (trace === undefined) continue;
    started.push(second);
    begun.add(trace);
    expect(traces.of(mac)).toBe(trace);
  }
  expect(begun.size).toBe(started.length);
  return started;
}

describe('the start of a boot', () => {
  it('is the first DISCOVER, however often firmware repeats it (RFC 2131 section 4.1)', async () => {
    expect(await starts([0, 'pxe', 7], [4, 'pxe', 7], [12, 'pxe', 7], [28, 'pxe', 7], [60, 'pxe', 7])).toEqual([0]);
  });

  it('is not the DISCOVER of iPXE behind that of its firmware, nor one of another protocol of the firmware', async () => {
    expect(await starts([0, 'pxe', 7], [9, 'http', 8], [30, 'ipxe', 9], [31, 'ipxe', 9])).toEqual([0]);
  });

  it('is the DISCOVER of iPXE where no firmware asked before', async () => {
    expect(await starts([0, 'ipxe', 7], [2, 'ipxe', 7])).toEqual([0]);
  });

  it('is that of the firmware when the machine boots again, and of nobody who boots from its disk', async () => {
    expect(await starts([0, 'pxe', 7], [10, 'ipxe', 8], [40, 'none', 9], [41, 'pxe', 10], [50, 'ipxe', 11])).toEqual([
      0, 41,
    ]);
  });
});
