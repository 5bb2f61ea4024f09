import { jetstreamManager } from '@nats-io/jetstream';
import { connect, nanos } from '@nats-io/transport-node';
import { describe, expect, it } from 'vitest';
import { silentLogger } from '@rackwright/kernel';
import type { EventEnvelope, StoredEvent } from '@rackwright/contracts';
import { freePort, launchNats, RealClock, SeededRandom, waitFor } from '@rackwright/testing';
import { NatsBus } from './nats-bus.js';
import type { NatsBusOptions } from './nats-bus-options.js';

const HOUR_MS = 3_600_000;
/**
 * A frozen server is given up after it. A publication is tried four times, and all of it must be over before the link
 * itself takes the server for dead, which is after 20 seconds.
 */
const IMPATIENT_MS = 2_000;

function connectBus(port: number, settings: Partial<NatsBusOptions> = {}): Promise<NatsBus> {
  return NatsBus.connect({
    servers: [`127.0.0.1:${port}`],
    name: 'int-spec',
    logger: silentLogger,
    clock: new RealClock(),
    random: new SeededRandom(7),
    timeoutMs: 20_000,
    ...settings,
  });
}

const event: EventEnvelope = {
  id: 'event-1',
  type: 'machine.discovered',
  idc: 'dc1',
  subject: 'machine/aabbccddeeff',
  at: '2026-11-21T08:00:00.000Z',
  data: {},
};

describe('NatsBus without a server', () => {
  it('is built, rejects at once, and serves when the server comes', async () => {
    const port = await freePort();
    await using bus = await connectBus(port);
    const seen: StoredEvent[] = [];
    bus.followEvents(0, (stored) => void seen.push(stored));
    await expect(bus.ping()).rejects.toMatchObject({ code: 'bus-unavailable', retryable: true });
    await expect(bus.publishEvent(event)).rejects.toMatchObject({ code: 'bus-unavailable' });
    await expect(bus.publishLogs([])).resolves.toBeUndefined();
    await using server = await launchNats({ port });
    await waitFor(() => bus.publishEvent(event), { what: `an event stored by process ${server.pid}` });
    await waitFor(() => seen.length === 1, { what: 'the event' });
  });

  it('is disposed without ever having been connected', async () => {
    const bus = await connectBus(await freePort());
    bus.followEvents(0, () => undefined);
    bus.onDeviceMessage('node/+/status', () => undefined);
    await bus[Symbol.asyncDispose]();
    await expect(bus.ping()).rejects.toMatchObject({ code: 'bus-unavailable' });
  });
});

describe('NatsBus and a server that freezes', () => {
  it('gives a publication up after a while; repeating it stores it once', async () => {
    await using server = await launchNats();
    await using bus = await connectBus(server.port, { timeoutMs: IMPATIENT_MS });
    await waitFor(() => bus.publishEvent({ ...event, id: 'event-0' }), { what: 'a first event' });
    server.pause();
    await expect(bus.publishEvent(event)).rejects.toMatchObject({ code: 'bus-unavailable', retryable: true });
    await expect(bus.ping()).rejects.toMatchObject({ code: 'request-timeout', retryable: true });
    server.resume();
    const stored = await waitFor(() => bus.publishEvent(event), { what: 'the publication is stored' });
    expect(stored).toEqual({ seq: 2, duplicate: true });
    expect(await waitFor(() => bus.eventRange(), { what: 'the range' })).toEqual({ first: 1, last: 2 });
  });
});

describe('NatsBus and what others publish', () => {
  it('skips what is no event and goes on', async () => {
    await using server = await launchNats();
    await using bus = await connectBus(server.port);
    const seen: number[] = [];
    bus.followEvents(0, ({ seq }) => void seen.push(seq));
    await bus.publishEvent(event);
    const other = await connect({ servers: [server.url] });
    for (const garbage of ['', 'not json', '[]', '{"id":1}']) other.publish('rw.v1.dc1.event.task.created', garbage);
    await other.flush();
    await other.close();
    await bus.publishEvent({ ...event, id: 'event-2' });
    await waitFor(() => seen.length === 2, { what: 'both events' });
    expect(seen).toEqual([1, 6]);
  });

  it('refuses an event that does not fit into a message', async () => {
    await using server = await launchNats();
    await using bus = await connectBus(server.port);
    const large = { ...event, data: { text: 'x'.repeat(2_000_000) } };
    await expect(bus.publishEvent(large)).rejects.toMatchObject({ code: 'payload-too-large', retryable: false });
    await expect(bus.publishEvent(event)).resolves.toMatchObject({ duplicate: false });
  });
});

describe('NatsBus streams', () => {
  it('are created as configured and follow changed settings without losing their events', async () => {
    await using server = await launchNats();
    {
      await using first = await connectBus(server.port);
      await first.publishEvent(event);
      expect(await configOf(server.url)).toMatchObject({
        storage: 'file',
        retention: 'limits',
        discard: 'old',
        max_age: nanos(7 * 24 * HOUR_MS),
        duplicate_window: nanos(24 * HOUR_MS),
      });
    }
    await using second = await connectBus(server.port, { events: { maxAgeMs: HOUR_MS, maxBytes: 50_000_000 } });
    const isUpdated = async (): Promise<boolean> => (await configOf(server.url)).max_bytes === 50_000_000;
    await waitFor(isUpdated, { what: 'the changed limits' });
    expect(await configOf(server.url)).toMatchObject({ max_age: nanos(HOUR_MS), duplicate_window: nanos(HOUR_MS) });
    expect(await second.publishEvent(event)).toEqual({ seq: 1, duplicate: true });
  });
});

async function configOf(url: string): Promise<{ readonly max_bytes: number }> {
  const connection = await connect({ servers: [url] });
  try {
    const manager = await jetstreamManager(connection);
    return (await manager.streams.info('RW_EVENTS')).config;
  } finally {
    await connection.close();
  }
}
