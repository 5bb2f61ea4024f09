import { Body, Controller, Delete, Get, Inject, Param, Post, Put, Query, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  ClaimMachine,
  IdcPath,
  MachinePath,
  MacPath,
  PageQuery,
  PutServer,
  type ServerView,
  type UnmatchedView,
} from '@rackwright/contracts';
import { DtoPipe, Route } from '@rackwright/platform';
import { answerPut, answerResource } from '../http/answer-resource.js';
import { ifMatchOf } from '../http/caller.js';
import { answerPage } from '../http/page-items.js';
import { ServerAnswer, UnmatchedAnswer } from '../open-api/site-answers.js';
import { serverPath } from './machine-problems.js';
import { ServerRegistry } from './server-registry.js';
import { UnmatchedMachines } from './unmatched-machines.js';

const pages = { path: IdcPath, query: PageQuery, isList: true, isPaged: true } as const;
const atMachine = new DtoPipe(MachinePath);

/** `/api/v1/servers` and `/api/v1/unmatched`. */
@ApiTags('machines')
@Controller('api/v1')
export class MachinesController {
  readonly #servers: ServerRegistry;
  readonly #unmatched: UnmatchedMachines;

  constructor(
    @Inject(ServerRegistry) servers: ServerRegistry,
    @Inject(UnmatchedMachines) unmatched: UnmatchedMachines,
  ) {
    this.#servers = servers;
    this.#unmatched = unmatched;
  }

  @Get('servers/:idc')
  @Route({ ...pages, summary: 'List the machines of a data centre', answer: ServerAnswer })
  async list(
    @Param(new DtoPipe(IdcPath)) { idc }: IdcPath,
    @Query(new DtoPipe(PageQuery)) query: PageQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<readonly ServerView[]> {
    return answerPage(await this.#servers.list(idc, query), reply, (server) => server);
  }

  @Get('servers/:idc/:sn')
  @Route({ summary: 'Read a machine', path: MachinePath, answer: ServerAnswer, problems: ['machine-not-found'] })
  async get(@Param(atMachine) at: MachinePath, @Res({ passthrough: true }) reply: FastifyReply): Promise<ServerView> {
    return answerResource(reply, await this.#servers.get(at));
  }

  @Put('servers/:idc/:sn')
  @Route({
    summary: 'Create or replace the entry of a machine; 201 when it is new',
    path: MachinePath,
    body: PutServer,
    answer: ServerAnswer,
    isConditional: true,
    isWrite: true,
    problems: ['machine-exists', 'task-active'],
  })
  async put(
    @Param(atMachine) at: MachinePath,
    @Body(new DtoPipe(PutServer)) body: PutServer,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ServerView> {
    const { isNew } = await this.#servers.put(at, body, ifMatchOf(reply.request));
    return answerPut(reply, await this.#servers.get(at), { isNew, location: serverPath(at) });
  }

  @Delete('servers/:idc/:sn')
  @Route({
    summary: 'Forget a machine',
    path: MachinePath,
    isConditional: true,
    isWrite: true,
    problems: ['machine-not-found', 'task-active'],
  })
  async remove(@Param(atMachine) at: MachinePath, @Req() request: FastifyRequest): Promise<void> {
    await this.#servers.remove(at, ifMatchOf(request));
  }

  @Get('unmatched/:idc')
  @Route({ ...pages, summary: 'List hardware that reported without a task', answer: UnmatchedAnswer })
  async listUnmatched(
    @Param(new DtoPipe(IdcPath)) { idc }: IdcPath,
    @Query(new DtoPipe(PageQuery)) query: PageQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<readonly UnmatchedView[]> {
    return answerPage(await this.#unmatched.list(idc, query), reply, (report) => report);
  }

  @Post('unmatched/:idc/:mac/claim')
  @Route({
    summary: 'Make a machine of hardware that reported without a task',
    path: MacPath,
    body: ClaimMachine,
    status: 201,
    answer: ServerAnswer,
    isWrite: true,
    problems: ['machine-not-found', 'machine-exists'],
  })
  async claim(
    @Param(new DtoPipe(MacPath)) at: MacPath,
    @Body(new DtoPipe(ClaimMachine)) { sn }: ClaimMachine,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ServerView> {
    await this.#unmatched.claim(at, sn);
    const machine = { idc: at.idc, sn };
    return answerResource(reply, await this.#servers.get(machine), serverPath(machine));
  }
}
