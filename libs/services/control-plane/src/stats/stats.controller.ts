import { Controller, Get, Inject, Param, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { IdcPath, PageQuery } from '@rackwright/contracts';
import { DtoPipe, Route } from '@rackwright/platform';
import { answerPage } from '../http/page-items.js';
import { IdcStatsAnswer, RegionAnswer, SiteStatsAnswer } from '../open-api/site-answers.js';
import { RegionDirectory, type RegionView } from '../regions/region-directory.js';
import { LiveStats, type IdcStats, type SiteStats } from './live-stats.js';

/** `/api/v1/stats` and `/api/v1/regions`. */
@ApiTags('overview')
@Controller('api/v1')
export class StatsController {
  readonly #stats: LiveStats;
  readonly #regions: RegionDirectory;

  constructor(@Inject(LiveStats) stats: LiveStats, @Inject(RegionDirectory) regions: RegionDirectory) {
    this.#stats = stats;
    this.#regions = regions;
  }

  @Get('stats')
  @Route({ summary: 'Live counts of all data centres', answer: SiteStatsAnswer })
  async all(): Promise<SiteStats> {
    return this.#stats.ofAll();
  }

  @Get('stats/:idc')
  @Route({ summary: 'Live counts of one data centre', path: IdcPath, answer: IdcStatsAnswer })
  async one(@Param(new DtoPipe(IdcPath)) { idc }: IdcPath): Promise<IdcStats> {
    return this.#stats.ofIdc(idc);
  }

  @Get('regions')
  @Route({ summary: 'List regions', query: PageQuery, answer: RegionAnswer, isList: true, isPaged: true })
  async listRegions(
    @Query(new DtoPipe(PageQuery)) query: PageQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<readonly RegionView[]> {
    return answerPage(await this.#regions.list(query), reply, (region) => region);
  }

  @Get('regions/:idc')
  @Route({ summary: 'Read a region', path: IdcPath, answer: RegionAnswer, problems: ['region-not-found'] })
  async region(@Param(new DtoPipe(IdcPath)) { idc }: IdcPath): Promise<RegionView> {
    return this.#regions.get(idc);
  }
}
