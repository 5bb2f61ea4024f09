import { Fleet, SeededRandom, startLab, TraceCollector, waitFor } from '@rackwright/testing';
import { describe, expect, it } from 'vitest';
import { orderInstallations } from './check-fleet.js';

describe('tracing', () => {
  it('follows one boot from its first DHCP packet through HTTP, etcd and NATS, over both services', async () => {
    await using collector = await TraceCollector.start();
    await using lab = await startLab({ env: { RW_OTLP_ENDPOINT: collector.url } });
    const { relay, tftpPort } = lab.region('dc1');
    await using fleet = new Fleet({ prefix: 'trace', size: 1, relay, tftpPort, random: new SeededRandom(5) });
    await orderInstallations(lab, 'dc1', fleet);
    fleet.powerOn();
    await fleet.all((machine) => machine.stage === 'disk', 'installed');
    const [task] = await lab.api.tasks();
    const traceId = /^00-([0-9a-f]{32})-/.exec(task?.traceparent ?? '')?.[1] ?? 'none';
    const names = (): ReadonlySet<string> =>
      new Set(collector.trace(traceId).map((span) => `${span.service} ${span.name}`));
    await waitFor(
      () => {
        const seen = [...names()].join('\n');
        return (
          /regional .*dhcp/i.test(seen) &&
          /regional .*(?:GET|POST)/.test(seen) &&
          /regional etcd\./.test(seen) &&
          /control-plane .*(?:publish|event)/i.test(seen)
        );
      },
      { what: `spans of trace ${traceId}`, deadlineMs: 30_000 },
    ).catch((cause: unknown) => {
      throw new Error(`trace ${traceId} has only:\n${[...names()].join('\n')}`, { cause });
    });
    const roots = collector.trace(traceId).filter((span) => span.parentSpanId === '' || !span.parentSpanId);
    expect(roots.map((span) => span.name)).toEqual([expect.stringMatching(/dhcp/i)]);
  });
});
