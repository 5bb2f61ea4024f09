import { describe, expect, it } from 'vitest';
import type { MessageBus, StoredLogLine } from '@rackwright/contracts';
import { waitFor } from '../../wait-for.js';
import type { WithHarness } from './harness.js';
import { LOG_SOURCE, OTHER_LOG_SOURCE, range, sampleLine } from './sample-messages.js';

function textsOf(lines: readonly StoredLogLine[]): string[] {
  return lines.map(({ line }) => line.text);
}

const texts = (from: number, to: number): string[] => range(from, to).map((n) => `line ${n}`);

async function publishInterleaved(bus: MessageBus, from: number, to: number): Promise<void> {
  await bus.publishLogs(range(from, to).flatMap((n) => [sampleLine(n), sampleLine(n, OTHER_LOG_SOURCE)]));
}

/** Install logs: stored in order, read in pages, followed. */
export function logConformance(withHarness: WithHarness): void {
  describe('logs', () => {
    it(
      'are read per task, in order, in pages',
      withHarness(async (harness) => {
        const bus = await harness.connect();
        await publishInterleaved(bus, 0, 100);
        const first = await bus.readLogs(LOG_SOURCE, { after: 0, limit: 30 });
        const after = first.at(-1)?.seq ?? 0;
        const rest = await bus.readLogs(LOG_SOURCE, { after, limit: 1_000 });
        expect(textsOf(first)).toEqual(texts(0, 30));
        expect(textsOf(rest)).toEqual(texts(30, 100));
        expect(rest[0]?.line).toEqual(sampleLine(30));
        expect(await bus.readLogs(LOG_SOURCE, { after: rest.at(-1)?.seq ?? 0, limit: 10 })).toEqual([]);
        expect(await bus.readLogs(LOG_SOURCE, { after: 0, limit: 0 })).toEqual([]);
      }),
    );
    it(
      'are empty for a task that wrote none',
      withHarness(async (harness) => {
        const bus = await harness.connect();
        await bus.publishLogs([sampleLine(0)]);
        expect(await bus.readLogs(OTHER_LOG_SOURCE, { after: 0, limit: 10 })).toEqual([]);
      }),
    );
    it(
      'are stored once however often they are published',
      withHarness(async (harness) => {
        const bus = await harness.connect();
        await publishInterleaved(bus, 0, 10);
        await publishInterleaved(bus, 5, 15);
        expect(textsOf(await bus.readLogs(LOG_SOURCE, { after: 0, limit: 100 }))).toEqual(texts(0, 15));
      }),
    );
    it(
      'are followed across outages',
      withHarness(async (harness) => {
        const bus = await harness.connect();
        const seen: StoredLogLine[] = [];
        await publishInterleaved(bus, 0, 10);
        bus.followLogs(LOG_SOURCE, 0, (stored) => void seen.push(stored));
        await waitFor(() => seen.length === 10, { what: 'stored lines' });
        let written = 10;
        for (const outage of harness.outages) {
          await outage.begin();
          await outage.end();
          const stored = (): Promise<boolean> => publishInterleaved(bus, written, written + 10).then(() => true);
          await waitFor(stored, { what: `lines are stored after ${outage.name}` });
          written += 10;
        }
        await waitFor(() => seen.length >= written, { what: 'lines written after outages' });
        expect(textsOf(seen)).toEqual(texts(0, written));
      }),
    );
  });
}
