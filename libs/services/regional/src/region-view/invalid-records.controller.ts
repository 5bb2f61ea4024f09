import { Controller, Get, Inject, Query, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PageQuery } from '@rackwright/contracts';
import { DtoPipe, pageHeaders, pageOf, Route } from '@rackwright/platform';
import { InvalidRecordAnswer } from '../open-api/answers.js';
import { pageOfRows } from '../nodes/page-of-rows.js';
import type { InvalidRecord } from './invalid-records.js';
import { REGION_STATE, type RegionState } from './region-state.js';

/** `GET /api/v1/invalid-records`: stored records the region cannot use. */
@ApiTags('region')
@Controller('api/v1/invalid-records')
export class InvalidRecordsController {
  readonly #state: RegionState;

  constructor(@Inject(REGION_STATE) state: RegionState) {
    this.#state = state;
  }

  @Get()
  @Route({
    summary: 'Stored records that break their schema',
    description: 'The region keeps the last good value of each.',
    query: PageQuery,
    answer: InvalidRecordAnswer,
    isList: true,
    isPaged: true,
    asksStore: false,
  })
  list(
    @Query(new DtoPipe(PageQuery, { allowEmpty: true })) query: PageQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): readonly InvalidRecord[] {
    const page = pageOfRows(this.#state.invalid.list(), pageOf(query), ({ key }) => key);
    reply.headers(pageHeaders(request.url, page));
    return page.rows;
  }
}
