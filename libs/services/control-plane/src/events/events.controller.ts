import { Controller, Get, Inject, Query, Res } from '@nestjs/common';
import { ApiHeader, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ReadEvents } from '@rackwright/contracts';
import { DtoPipe, Route } from '@rackwright/platform';
import { EVENT_PARTS, streamEvents, type EventSseParts } from './event-sse.js';

/** `GET /api/v1/events`. */
@ApiTags('events')
@Controller('api/v1/events')
export class EventsController {
  readonly #parts: EventSseParts;

  constructor(@Inject(EVENT_PARTS) parts: EventSseParts) {
    this.#parts = parts;
  }

  @Get()
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'Position to go on after; wins over `after`' })
  @Route({
    summary: 'Events as they happen (server-sent events); resumes by position',
    query: ReadEvents,
    streams: ['text/event-stream'],
    problems: ['bus-unavailable', 'unavailable'],
  })
  async stream(@Query(new DtoPipe(ReadEvents)) query: ReadEvents, @Res() reply: FastifyReply): Promise<void> {
    await streamEvents(this.#parts, reply, query);
  }
}
