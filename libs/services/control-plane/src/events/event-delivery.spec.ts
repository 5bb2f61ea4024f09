import { once } from 'node:events';
import { MemoryBus } from '@rackwright/adapter-memory-bus';
import { MemoryStore } from '@rackwright/adapter-memory-store';
import type { EventEnvelope } from '@rackwright/contracts';
import { silentLogger } from '@rackwright/kernel';
import { RealClock, SeededRandom, waitFor } from '@rackwright/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { ReplicaUnderTest } from '../replica-under-test.js';
import { EventFeed } from './event-feed.js';
import { EventReader } from './event-reader.js';

const ports = { clock: new RealClock(), random: new SeededRandom(1), logger: silentLogger };

function event(number: number, changes: Partial<EventEnvelope> = {}): EventEnvelope {
  return {
    id: `e-${String(number)}`,
    type: 'task.progressed',
    idc: 'dc1',
    subject: 'task/a',
    at: '2026-01-01T00:00:00.000Z',
    data: { task_id: 'task-00000001', number },
    ...changes,
  };
}

async function publish(bus: MemoryBus, from: number, to: number): Promise<void> {
  for (let number = from; number <= to; number += 1) await bus.publishEvent(event(number));
}

const upTo = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe('EventReader', () => {
  it('passes from the stream to the feed without losing or doubling, wherever it starts', async () => {
    await using bus = new MemoryBus(ports);
    await publish(bus, 1, 5_000);
    await using feed = new EventFeed({ ...ports, bus });
    await waitFor(() => feed.covers(4_999), { what: 'the feed' });
    expect(feed.covers(100)).toBe(false);
    const starts = [0, 1, 100, 2_951, 2_952, 2_953, 4_999, 5_000];
    const readers = starts.map((after) => {
      const seen: number[] = [];
      const sink = { send: ({ seq }: { seq: number }) => void seen.push(seq), room: () => Promise.resolve() };
      return { after, seen, reader: EventReader.open({ feed, bus }, after, { ...sink, restart: () => undefined }) };
    });
    await publish(bus, 5_001, 8_000);
    for (const { after, seen } of readers) {
      await waitFor(() => seen.at(-1) === 8_000, { what: `the last event after ${String(after)}` });
      expect(seen).toEqual(upTo(after + 1, 8_000));
    }
    await Promise.all(readers.map(({ reader }) => reader[Symbol.asyncDispose]()));
  });

  it('tells its reader when the stream starts over', async () => {
    await using bus = new MemoryBus(ports);
    await publish(bus, 1, 3);
    await using feed = new EventFeed({ ...ports, bus });
    await waitFor(() => feed.covers(3), { what: 'the feed' });
    const restart = vi.fn();
    const sink = { send: () => undefined, room: () => Promise.resolve(), restart };
    await using reader = EventReader.open({ feed, bus }, 3, sink);
    bus.wipe();
    await publish(bus, 4, 4);
    await waitFor(() => restart.mock.calls.length === 1, { what: 'the restart' });
    expect(reader).toBeDefined();
  });
});

describe('events over HTTP', () => {
  let stack: AsyncDisposableStack;
  let bus: MemoryBus;
  let api: ReplicaUnderTest;

  beforeEach(async () => {
    stack = new AsyncDisposableStack();
    bus = stack.use(new MemoryBus(ports));
    const store = stack.use(new MemoryStore(ports));
    api = stack.use(await ReplicaUnderTest.start({ ...ports, store, bus: bus.peer() }));
  });

  afterEach(() => stack.disposeAsync());

  async function read(
    path: string,
    headers: Record<string, string>,
    enough: (text: string) => boolean,
  ): Promise<string> {
    const stop = new AbortController();
    const response = await fetch(`${api.url}${path}`, { headers, signal: stop.signal });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    let text = '';
    try {
      for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        text += chunk;
        if (enough(text)) stop.abort();
      }
    } catch (error) {
      if (!stop.signal.aborted) throw error;
    }
    return text;
  }

  const ids = (text: string): number[] => [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));

  it('resumes by after and by Last-Event-ID, which wins', async () => {
    await publish(bus, 1, 5);
    const last = (text: string): boolean => text.includes('id: 5\n') && text.endsWith('\n\n');
    expect(ids(await read('/api/v1/events?after=2', {}, last))).toEqual([3, 4, 5]);
    expect(ids(await read('/api/v1/events?after=0', { 'last-event-id': '4' }, last))).toEqual([5]);
    const bad = await api.refused('GET', '/api/v1/events', { headers: { 'last-event-id': 'x' } });
    expect([bad.status, bad.body.errors?.[0]?.pointer]).toEqual([400, '/Last-Event-ID']);
  });

  it('filters by data centre and by type or family', async () => {
    await bus.publishEvent(event(1));
    await bus.publishEvent(event(2, { idc: 'dc2' }));
    await bus.publishEvent(event(3, { type: 'machine.discovered' }));
    await bus.publishEvent(event(4, { type: 'lease.granted' }));
    const query = 'after=0&idc=dc1&types=machine.discovered,lease.*';
    expect(ids(await read(`/api/v1/events?${query}`, {}, (text) => text.includes('id: 4\n')))).toEqual([3, 4]);
  });

  it('carries the envelope with its position', async () => {
    await publish(bus, 1, 1);
    const text = await read('/api/v1/events?after=0', {}, (all) => /^data: .*\n\n/m.test(all));
    expect(JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? '')).toEqual({ ...event(1), seq: 1 });
  });

  async function connect(
    path: string,
    headers: Record<string, string> = {},
  ): Promise<{ socket: WebSocket; frames: unknown[] }> {
    const socket = new WebSocket(`${api.url.replace('http', 'ws')}${path}`, { headers });
    stack.defer(() => {
      socket.terminate();
    });
    const frames: unknown[] = [];
    socket.on('message', (bytes) => frames.push(JSON.parse((bytes as Buffer).toString())));
    await once(socket, 'open');
    return { socket, frames };
  }

  it('answers plain HTTP at the path of the socket with 426 and what to upgrade to', async () => {
    const answer = await fetch(`${api.url}/ws`);
    expect([answer.status, answer.headers.get('upgrade')]).toEqual([426, 'websocket']);
    expect(await answer.json()).toMatchObject({ code: 'upgrade-required', status: 426 });
  });

  it('sends one JSON object per WebSocket frame and resumes', async () => {
    await publish(bus, 1, 2);
    const { frames } = await connect('/ws?after=1');
    await publish(bus, 3, 3);
    await waitFor(() => frames.length === 2, { what: 'both events' });
    expect(frames).toEqual(
      [2, 3].map((seq) => ({ type: 'task.progressed', task_id: 'task-00000001', payload: { ...event(seq), seq } })),
    );
  });

  it('takes a subscription and refuses nonsense without closing', async () => {
    const { socket, frames } = await connect('/ws');
    socket.send('{');
    socket.send('{"subscribe":{"types":["a b"]}}');
    socket.send('{"subscribe":{},"x":1}');
    socket.send('{"subscribe":{"idc":"dc2","types":["task.*"]}}');
    await waitFor(() => frames.length === 4, { what: 'the answers' });
    expect(frames.map((frame) => (frame as { type: string }).type)).toEqual(['error', 'error', 'error', 'subscribed']);
    await bus.publishEvent(event(1));
    await bus.publishEvent(event(2, { idc: 'dc2' }));
    await waitFor(() => frames.length === 5, { what: 'the event of dc2' });
    expect(frames.at(-1)).toMatchObject({ payload: { idc: 'dc2' } });
  });

  async function refusal(path: string, headers: Record<string, string> = {}): Promise<number | undefined> {
    const socket = new WebSocket(`${api.url.replace('http', 'ws')}${path}`, { headers });
    socket.on('error', () => undefined);
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode?: number }];
    socket.terminate();
    return response.statusCode;
  }

  it('refuses pages of other sites, bad queries and other paths', async () => {
    expect(await refusal('/ws', { origin: 'https://evil.example' })).toBe(403);
    expect(await refusal('/ws', { origin: 'null' })).toBe(403);
    expect(await refusal('/ws?after=x')).toBe(400);
    expect(await refusal('/other')).toBe(404);
    const own = await connect('/ws', { origin: api.url });
    expect(own.socket.readyState).toBe(WebSocket.OPEN);
  });

  it('closes a client that sends more than a subscription', async () => {
    const { socket } = await connect('/ws');
    socket.send('x'.repeat(20_000));
    const [code] = (await once(socket, 'close')) as [number];
    expect(code).toBe(1009);
  });

  it('drops a client that does not read with 1013', async () => {
    const { socket } = await connect('/ws');
    const { socket: witness, frames } = await connect('/ws');
    witness.send('{"subscribe":{"types":["machine.discovered"]}}');
    await waitFor(() => frames.length === 1, { what: 'the subscription of the witness' });
    socket.pause();
    const blob = 'x'.repeat(100_000);
    for (let number = 1; number <= 100; number += 1) await bus.publishEvent(event(number, { data: { blob } }));
    await bus.publishEvent(event(101, { type: 'machine.discovered' }));
    await waitFor(() => frames.length === 2, { what: 'every event was sent on' });
    const closed = once(socket, 'close');
    socket.resume();
    expect((await closed)[0]).toBe(1013);
  });

  it('ends streams and sockets when it stops', async () => {
    const { socket } = await connect('/ws');
    const closed = once(socket, 'close');
    const reading = read('/api/v1/events', {}, () => false);
    await waitFor(async () => (await fetch(`${api.url}/health`)).ok, { what: 'it is up' });
    await api[Symbol.asyncDispose]();
    expect((await closed)[0]).toBe(1001);
    await reading.catch(() => undefined);
  });
});
