import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '@rackwright/kernel';
import type { MessageBus, ReadEvents, StoredEvent } from '@rackwright/contracts';
import { ProblemError } from '@rackwright/platform';
import type { OpenStreams } from '../http/line-stream.js';
import type { EventFeed } from './event-feed.js';
import { isWanted, type EventFilter } from './event-filter.js';
import { EventReader, startPosition } from './event-reader.js';

/** Streams cost a socket and a buffer each. */
const MAX_STREAMS = 1_000;

export const EVENT_PARTS = Symbol('EventSseParts');

/** What streaming events takes. */
export interface EventSseParts {
  readonly bus: MessageBus;
  readonly feed: EventFeed;
  readonly clock: Clock;
  readonly streams: OpenStreams;
}

/** The filter a query string describes. */
export function filterOf(query: ReadEvents): EventFilter {
  return {
    ...(query.idc === undefined ? {} : { idcs: [query.idc] }),
    ...(query.types === undefined ? {} : { types: query.types.split(',') }),
  };
}

/** Where a browser that lost its connection wants to go on; it repeats the query of its first request. */
function lastEventId(request: FastifyRequest): number | undefined {
  const header = request.headers['last-event-id'];
  if (header === undefined || header === '') return undefined;
  if (typeof header === 'string' && /^\d{1,15}$/.test(header)) return Number(header);
  const errors = [{ pointer: '/Last-Event-ID', detail: 'Last-Event-ID must be the position of an event' }];
  throw new ProblemError('invalid-request', 'Last-Event-ID must be the position of an event', { errors });
}

/** Answers with events as they happen (server-sent events); 503 when the stream is not reachable. */
export async function streamEvents(parts: EventSseParts, reply: FastifyReply, query: ReadEvents): Promise<void> {
  if (parts.streams.size >= MAX_STREAMS) throw tooManyStreams();
  const position = await startPosition(parts.bus, lastEventId(reply.request) ?? query.after);
  const filter = filterOf(query);
  const stream = parts.streams.open(reply, { clock: parts.clock, contentType: 'text/event-stream' });
  const reader = EventReader.open(parts, position, {
    send: (stored) => {
      if (isWanted(stored.event, filter)) stream.write(frameOf(stored));
    },
    room: () => stream.room(),
    restart: () => {
      stream.end();
    },
  });
  await stream.ended;
  await reader[Symbol.asyncDispose]();
}

function frameOf({ seq, event }: StoredEvent): string {
  return `id: ${String(seq)}\ndata: ${JSON.stringify({ ...event, seq })}\n\n`;
}

function tooManyStreams(): ProblemError {
  return new ProblemError('unavailable', 'Too many open event streams', { headers: { 'retry-after': '5' } });
}
