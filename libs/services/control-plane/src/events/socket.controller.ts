import { Controller, Get } from '@nestjs/common';
import { ApiExcludeEndpoint } from '@nestjs/swagger';
import { ProblemError } from '@rackwright/platform';

/** `GET /ws` of a client that does not ask for a WebSocket; those that do are taken before any route. */
@Controller('ws')
export class SocketController {
  @Get()
  @ApiExcludeEndpoint()
  refuse(): never {
    throw new ProblemError(
      'upgrade-required',
      'Events come here over WebSocket; over HTTP they are at /api/v1/events',
      {
        headers: { upgrade: 'websocket', connection: 'upgrade' },
      },
    );
  }
}
