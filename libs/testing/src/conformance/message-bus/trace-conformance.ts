import { context, propagation, trace } from '@opentelemetry/api';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../wait-for.js';
import type { WithHarness } from './harness.js';
import { addNumbers, IDC, sampleEvent, sumOf } from './sample-messages.js';

const activeTrace = (): string | undefined => trace.getActiveSpan()?.spanContext().traceId;

/** Trace context travels with requests and events. */
export function traceConformance(withHarness: WithHarness): void {
  describe('trace context', () => {
    beforeAll(() => {
      new NodeTracerProvider().register();
    });
    afterAll(() => {
      trace.disable();
      context.disable();
      propagation.disable();
    });
    it(
      'crosses with a request',
      withHarness(async (harness) => {
        const [near, far] = [await harness.connect(), await harness.connect()];
        let served: string | undefined;
        far.respond(addNumbers, { idc: IDC }, async ({ left, right }) => {
          await Promise.resolve();
          served = activeTrace();
          return sumOf(left + right);
        });
        await far.ping();
        const sent = await trace.getTracer('conformance').startActiveSpan('caller', async (span) => {
          await near.request(addNumbers, { idc: IDC }, { left: 1, right: 1 });
          span.end();
          return span.spanContext().traceId;
        });
        expect(served).toBe(sent);
      }),
    );
    it(
      'crosses with an event: its own when it carries one, else that of its publisher',
      withHarness(async (harness) => {
        const bus = await harness.connect();
        const seen: (string | undefined)[] = [];
        bus.followEvents(0, () => void seen.push(activeTrace()));
        const own = '0af7651916cd43dd8448eb211c80319c';
        const sent = await trace.getTracer('conformance').startActiveSpan('publisher', async (span) => {
          await bus.publishEvent({ ...sampleEvent(0), traceparent: `00-${own}-b7ad6b7169203331-01` });
          await bus.publishEvent(sampleEvent(1));
          span.end();
          return span.spanContext().traceId;
        });
        await waitFor(() => seen.length === 2, { what: 'both events' });
        expect(seen).toEqual([own, sent]);
      }),
    );
  });
}
