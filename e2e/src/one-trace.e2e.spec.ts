import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { formatMac } from '@rackwright/kernel';
import { findBinary, Fleet, SeededRandom, startLab, TraceCollector, waitFor } from '@rackwright/testing';
import { describe, expect, it } from 'vitest';
import { orderInstallations } from './check-fleet.js';

const run = promisify(execFile);

/** One span of each kind a boot passes through: DHCP, TFTP, HTTP, etcd, NATS out and NATS in. */
const expected = [
  'regional boot.discover',
  'regional tftp.read',
  'regional GET /boot/:mac/boot.ipxe',
  'regional POST /api/v1/progress',
  'regional etcd.txn',
  'control-plane publish task.completed',
  'control-plane receive task.completed',
];

describe('tracing', () => {
  it('follows one boot from its first DHCP packet through TFTP, HTTP, etcd and NATS, over both services', async () => {
    await using collector = await TraceCollector.start();
    await using lab = await startLab({ env: { RW_OTLP_ENDPOINT: collector.url } });
    const { relay, tftpPort } = lab.region('dc1');
    await using fleet = new Fleet({ prefix: 'trace', size: 1, relay, tftpPort, random: new SeededRandom(5) });
    await orderInstallations(lab, 'dc1', fleet);
    fleet.powerOn();
    await fleet.all((machine) => !['off', 'dhcp'].includes(machine.stage), 'leased');
    const [mac = ''] = fleet.machines.map(({ identity }) => formatMac(identity.mac));
    const curl = findBinary('curl', 'apt-get install curl');
    await run(curl, ['-sS', '-o', '/dev/null', `tftp://127.0.0.1:${String(tftpPort)}/${mac}/undionly.kpxe`]);
    await fleet.all((machine) => machine.stage === 'disk', 'installed');
    const [task] = await lab.api.tasks();
    const traceId = /^00-([0-9a-f]{32})-/.exec(task?.traceparent ?? '')?.[1] ?? 'none';
    const missing = (): readonly string[] => {
      const seen = new Set(collector.trace(traceId).map((span) => `${span.service} ${span.name}`));
      return expected.filter((name) => !seen.has(name));
    };
    /** Spans whose parent is not there; a span may arrive before its parent. */
    const roots = (): readonly string[] => {
      const spans = collector.trace(traceId);
      const ids = new Set(spans.map((span) => span.spanId));
      return spans.filter((span) => !span.parentSpanId || !ids.has(span.parentSpanId)).map((span) => span.name);
    };
    await waitFor(() => missing().length === 0 && roots().length === 1, {
      what: 'the spans of the boot, all under one',
      deadlineMs: 60_000,
    }).catch((cause: unknown) => {
      const lacks = missing().join(', ');
      throw new Error(`trace ${traceId} lacks [${lacks}] and has the roots ${roots().join(', ')}`, { cause });
    });
    expect(roots()).toEqual(['boot.discover']);
  });
});
