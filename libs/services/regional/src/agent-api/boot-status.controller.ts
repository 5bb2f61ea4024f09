import { Controller, Get, Inject, Query, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PageQuery } from '@rackwright/contracts';
import { DtoPipe, pageHeaders, pageOf } from '@rackwright/platform';
import { BOOT_PLANE, type BootPlane, type StatusRow } from '../boot-plane.port.js';
import { pageOfRows } from '../nodes/page-of-rows.js';

/** `GET /api/v1/pxe/*` and `/api/v1/files/*`: what the boot plane does and serves. */
@ApiTags('boot')
@Controller('api/v1')
export class BootStatusController {
  readonly #plane: BootPlane;

  constructor(@Inject(BOOT_PLANE) plane: BootPlane) {
    this.#plane = plane;
  }

  @Get('pxe/dhcp/status')
  dhcpStatus(): StatusRow {
    return this.#plane.dhcpStatus();
  }

  @Get('pxe/tftp/status')
  tftpStatus(): StatusRow {
    return this.#plane.tftpStatus();
  }

  @Get(['pxe/dhcp/leases', 'pxe/leases'])
  leases(
    @Query(new DtoPipe(PageQuery, { allowEmpty: true })) query: PageQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): readonly StatusRow[] {
    return answerPage([...this.#plane.dhcpLeases()], query, { request, reply });
  }

  @Get('pxe/configs')
  configs(
    @Query(new DtoPipe(PageQuery, { allowEmpty: true })) query: PageQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): readonly StatusRow[] {
    return answerPage([...this.#plane.bootConfigs()], query, { request, reply });
  }

  @Get(['pxe/tftp/files', 'pxe/files'])
  async tftpFiles(
    @Query(new DtoPipe(PageQuery, { allowEmpty: true })) query: PageQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<readonly StatusRow[]> {
    return answerPage(await this.#plane.files('tftp'), query, { request, reply });
  }

  @Get('files/static')
  async staticFiles(
    @Query(new DtoPipe(PageQuery, { allowEmpty: true })) query: PageQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<readonly StatusRow[]> {
    return answerPage(await this.#plane.files('static'), query, { request, reply });
  }

  @Get('files/repos')
  async repoFiles(
    @Query(new DtoPipe(PageQuery, { allowEmpty: true })) query: PageQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<readonly StatusRow[]> {
    return answerPage(await this.#plane.files('repos'), query, { request, reply });
  }
}

function answerPage(
  rows: readonly StatusRow[],
  query: PageQuery,
  exchange: { readonly request: FastifyRequest; readonly reply: FastifyReply },
): readonly StatusRow[] {
  const page = pageOfRows(rows, pageOf(query), (_, index) => String(index).padStart(9, '0'));
  exchange.reply.headers(pageHeaders(exchange.request.url, page));
  return page.rows;
}
