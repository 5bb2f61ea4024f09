import { Controller, Get, Inject, Query, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ListLeases, PageQuery } from '@rackwright/contracts';
import { ipv4ToNumber } from '@rackwright/kernel';
import { DtoPipe, pageHeaders, pageOf, Route } from '@rackwright/platform';
import { BootConfigAnswer, FileAnswer, LeaseAnswer, ServerStatusAnswer } from '../open-api/answers.js';
import { BOOT_PLANE, type BootPlane, type LeaseRow, type StatusRow } from '../boot-plane.port.js';
import { pageOfRows } from '../nodes/page-of-rows.js';

const IPV4_NUMBER_DIGITS = 10;

const paged = { query: PageQuery, isList: true, isPaged: true, asksStore: false } as const;

/** `GET /api/v1/pxe/*` and `/api/v1/files/*`: what the boot plane does and serves. */
@ApiTags('boot')
@Controller('api/v1')
export class BootStatusController {
  readonly #plane: BootPlane;

  constructor(@Inject(BOOT_PLANE) plane: BootPlane) {
    this.#plane = plane;
  }

  @Get('pxe/dhcp/status')
  @Route({ summary: 'The DHCP server and its counters', answer: ServerStatusAnswer, asksStore: false })
  dhcpStatus(): StatusRow {
    return this.#plane.dhcpStatus();
  }

  @Get('pxe/tftp/status')
  @Route({ summary: 'The TFTP server and its counters', answer: ServerStatusAnswer, asksStore: false })
  tftpStatus(): StatusRow {
    return this.#plane.tftpStatus();
  }

  @Get('pxe/syslog/status')
  @Route({ summary: 'The syslog receiver and where it listens', answer: ServerStatusAnswer, asksStore: false })
  syslogStatus(): StatusRow {
    return this.#plane.syslogStatus();
  }

  @Get(['pxe/dhcp/leases', 'pxe/leases'])
  @Route({ ...paged, query: ListLeases, summary: 'DHCP leases by address', answer: LeaseAnswer })
  leases(
    @Query(new DtoPipe(ListLeases, { allowEmpty: true })) query: ListLeases,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): readonly LeaseRow[] {
    const placeOf = ({ ip }: LeaseRow): string => String(ipv4ToNumber(ip)).padStart(IPV4_NUMBER_DIGITS, '0');
    const page = pageOfRows(this.#plane.dhcpLeases(query), pageOf(query), placeOf);
    reply.headers(pageHeaders(request.url, page));
    return page.rows;
  }

  @Get('pxe/configs')
  @Route({ ...paged, summary: 'Machines that boot something else than the wait loop', answer: BootConfigAnswer })
  configs(
    @Query(new DtoPipe(PageQuery, { allowEmpty: true })) query: PageQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): readonly StatusRow[] {
    return answerPage([...this.#plane.bootConfigs()], query, { request, reply });
  }

  @Get(['pxe/tftp/files', 'pxe/files'])
  @Route({ ...paged, summary: 'Boot files', answer: FileAnswer })
  async tftpFiles(
    @Query(new DtoPipe(PageQuery, { allowEmpty: true })) query: PageQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<readonly StatusRow[]> {
    return answerPage(await this.#plane.files('tftp'), query, { request, reply });
  }

  @Get('files/static')
  @Route({ ...paged, summary: 'Files below /static', answer: FileAnswer })
  async staticFiles(
    @Query(new DtoPipe(PageQuery, { allowEmpty: true })) query: PageQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<readonly StatusRow[]> {
    return answerPage(await this.#plane.files('static'), query, { request, reply });
  }

  @Get('files/repos')
  @Route({ ...paged, summary: 'Files below /repos', answer: FileAnswer })
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
