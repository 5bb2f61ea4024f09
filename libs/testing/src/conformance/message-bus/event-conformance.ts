import { describe, expect, it } from 'vitest';
import { isRetryable } from '@rackwright/kernel';
import type { EventEnvelope, MessageBus, StoredEvent } from '@rackwright/contracts';
import { waitFor } from '../../wait-for.js';
import type { WithHarness } from './harness.js';
import { range, sampleEvent } from './sample-messages.js';

/** Publishes until the stream has it, as an outbox does. */
async function publishUntilStored(bus: MessageBus, event: EventEnvelope): Promise<void> {
  const isStored = async (): Promise<boolean> => {
    try {
      await bus.publishEvent(event);
      return true;
    } catch (error) {
      if (isRetryable(error)) return false;
      throw error;
    }
  };
  await waitFor(isStored, { what: `${event.id} is stored`, deadlineMs: 60_000 });
}

function numbersOf(stored: readonly StoredEvent[], publisher = 'p1'): unknown[] {
  return stored.filter(({ event }) => event.data['publisher'] === publisher).map(({ event }) => event.data['n']);
}

function expectAscending(stored: readonly StoredEvent[]): void {
  const seqs = stored.map(({ seq }) => seq);
  expect(seqs).toEqual([...new Set(seqs)].toSorted((a, b) => a - b));
}

/** Publishing events and reading them from any position. */
export function eventConformance(withHarness: WithHarness): void {
  describe('events', () => {
    it(
      'are stored once per id',
      withHarness(async (harness) => {
        const bus = await harness.connect();
        expect(await bus.publishEvent(sampleEvent(0))).toEqual({ seq: 1, duplicate: false });
        expect(await bus.publishEvent(sampleEvent(1))).toEqual({ seq: 2, duplicate: false });
        expect(await bus.publishEvent(sampleEvent(0))).toEqual({ seq: 1, duplicate: true });
        expect(await bus.eventRange()).toEqual({ first: 1, last: 2 });
      }),
    );
    it(
      'are stored in the order of a batch, also where some of it is there already',
      withHarness(async (harness) => {
        const bus = await harness.connect();
        const ids = range(0, 150);
        for (const n of [0, 1, 70]) await bus.publishEvent(sampleEvent(n));
        const stored = await bus.publishEvents(ids.map((n) => sampleEvent(n)));
        expect(stored.filter(({ duplicate }) => duplicate).map(({ seq }) => seq)).toEqual([1, 2, 3]);
        expect(await bus.publishEvents(ids.map((n) => sampleEvent(n)))).toEqual(
          stored.map(({ seq }) => ({ seq, duplicate: true })),
        );
        const fresh = stored.filter(({ duplicate }) => !duplicate).map(({ seq }) => seq);
        expect(fresh).toEqual(range(4, 151));
        expect(await bus.publishEvents([])).toEqual([]);
      }),
    );
    it(
      'have an empty range before the first',
      withHarness(async (harness) => {
        const bus = await harness.connect();
        const range = await waitFor(() => bus.eventRange(), { what: 'the stream exists' });
        expect(range).toEqual({ first: 1, last: 0 });
      }),
    );
  });
}

/** Following the stream while nothing fails but handlers. */
export function followConformance(withHarness: WithHarness): void {
  describe('following events', () => {
    it(
      'are followed from any position, then as they come, one at a time',
      withHarness(async (harness) => {
        const [writer, reader] = [await harness.connect(), await harness.connect()];
        for (const n of range(0, 20)) await writer.publishEvent(sampleEvent(n));
        const seen: StoredEvent[] = [];
        let inHand = 0;
        reader.followEvents(5, async (stored) => {
          inHand += 1;
          expect(inHand).toBe(1);
          await Promise.resolve();
          seen.push(stored);
          inHand -= 1;
        });
        await waitFor(() => seen.length === 15, { what: 'stored events' });
        for (const n of range(20, 40)) await writer.publishEvent(sampleEvent(n));
        await waitFor(() => seen.length === 35, { what: 'new events' });
        expect(seen.map(({ seq }) => seq)).toEqual(range(6, 41));
        expect(seen.map(({ event }) => event)).toEqual(range(5, 40).map((n) => sampleEvent(n)));
      }),
    );
    it(
      'are delivered again when their handler rejects',
      withHarness(async (harness) => {
        const bus = await harness.connect();
        for (const n of range(0, 3)) await bus.publishEvent(sampleEvent(n));
        const seen: unknown[] = [];
        bus.followEvents(0, ({ event }) => {
          seen.push(event.data['n']);
          if (seen.length === 2) throw new Error('not now');
        });
        await waitFor(() => seen.length === 4, { what: 'the repeated delivery' });
        expect(seen).toEqual([0, 1, 1, 2]);
      }),
    );
    it(
      'stop with their subscription',
      withHarness(async (harness) => {
        const bus = await harness.connect();
        const [ended, other]: StoredEvent[][] = [[], []];
        const subscription = bus.followEvents(0, (stored) => void ended?.push(stored));
        bus.followEvents(0, (stored) => void other?.push(stored));
        await bus.publishEvent(sampleEvent(0));
        await waitFor(() => ended?.length === 1 && other?.length === 1, { what: 'the first event' });
        await subscription[Symbol.asyncDispose]();
        await bus.publishEvent(sampleEvent(1));
        await waitFor(() => other?.length === 2, { what: 'the second event' });
        expect(ended).toHaveLength(1);
      }),
    );
  });
}

const OUTAGE_ROUNDS = 2;

/** Publishes one event after the other until `end`; resolves with how many there were. */
async function publishDuring(bus: MessageBus, publisher: string, end: AbortSignal): Promise<number> {
  for (let n = 0; ; n += 1) {
    if (end.aborted) return n;
    await publishUntilStored(bus, sampleEvent(n, publisher));
    // A bus in this process answers without ever giving way to timers.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function isAway(bus: MessageBus): Promise<boolean> {
  return bus.ping().then(
    () => false,
    () => true,
  );
}

/** Nothing lost, nothing doubled, order kept, whatever happens to the link or the server. */
export function eventOutageConformance(withHarness: WithHarness): void {
  describe('events and outages', () => {
    it(
      'cross outages complete, once each and in order',
      withHarness(async (harness) => {
        const writers = [await harness.connect(), await harness.connect()];
        const reader = await harness.connect();
        const seen: StoredEvent[] = [];
        reader.followEvents(0, (stored) => void seen.push(stored));
        const outages = new AbortController();
        const publishing = writers.map((writer, index) => publishDuring(writer, `p${index}`, outages.signal));
        for (const outage of range(0, OUTAGE_ROUNDS).flatMap(() => harness.outages)) {
          const before = seen.length;
          await waitFor(() => seen.length > before + 20, { what: `events before ${outage.name}` });
          await outage.begin();
          await waitFor(() => isAway(reader), { what: `${outage.name} is noticed` });
          await outage.end();
        }
        const before = seen.length;
        await waitFor(() => seen.length > before + 20, { what: 'events after the last outage' });
        outages.abort();
        const [first = 0, second = 0] = await Promise.all(publishing);
        await waitFor(() => seen.length >= first + second, { what: 'every event' });
        expect(numbersOf(seen, 'p0')).toEqual(range(0, first));
        expect(numbersOf(seen, 'p1')).toEqual(range(0, second));
        expectAscending(seen);
        const late: StoredEvent[] = [];
        reader.followEvents(0, (stored) => void late.push(stored));
        await waitFor(() => late.length >= seen.length, { what: 'the same events for a late reader' });
        expect(late).toEqual(seen);
      }),
      300_000,
    );
    it(
      'start over when the stream was lost',
      withHarness(async (harness) => {
        const bus = await harness.connect();
        const seen: StoredEvent[] = [];
        for (const n of range(0, 10)) await bus.publishEvent(sampleEvent(n));
        bus.followEvents(0, (stored) => void seen.push(stored));
        await waitFor(() => seen.length === 10, { what: 'events of the first stream' });
        await harness.wipe();
        for (const n of range(100, 115)) await publishUntilStored(bus, sampleEvent(n));
        await waitFor(() => seen.length >= 25, { what: 'events of the second stream' });
        expect(numbersOf(seen)).toEqual([...range(0, 10), ...range(100, 115)]);
        const late: StoredEvent[] = [];
        bus.followEvents(1_000, (stored) => void late.push(stored));
        await waitFor(() => late.length >= 15, { what: 'a position beyond the end' });
        expect(numbersOf(late)).toEqual(range(100, 115));
      }),
    );
  });
}
