import { Controller, Get, Inject, Param, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { MachinePath, PageQuery, ReadLogs, type RenderTaskReply, type TaskView } from '@rackwright/contracts';
import { DtoPipe, Route } from '@rackwright/platform';
import { answerPage } from '../http/page-items.js';
import { LogLineAnswer, RenderedAnswer, TaskAnswer } from '../open-api/task-answers.js';
import { followLogLines, LOG_PARTS, readLogLines, type LogParts } from './log-answer.js';
import { TaskReads } from './task-reads.js';

/** What there is about a task besides the task itself. */
@ApiTags('tasks')
@Controller('api/v1/tasks/:idc/:sn')
export class TaskDetailsController {
  readonly #reads: TaskReads;
  readonly #logs: LogParts;

  constructor(@Inject(TaskReads) reads: TaskReads, @Inject(LOG_PARTS) logs: LogParts) {
    this.#reads = reads;
    this.#logs = logs;
  }

  @Get('history')
  @Route({
    summary: 'Earlier attempts on the machine, newest first',
    path: MachinePath,
    query: PageQuery,
    answer: TaskAnswer,
    isList: true,
    isPaged: true,
  })
  async history(
    @Param(new DtoPipe(MachinePath)) at: MachinePath,
    @Query(new DtoPipe(PageQuery)) query: PageQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<readonly TaskView[]> {
    return answerPage(await this.#reads.history(at, query), reply, (task) => task);
  }

  @Get('logs')
  @Route({
    summary: 'Lines of the install log; with follow=true also those to come',
    description: 'A list, or with `follow=true` NDJSON, or server-sent events if `Accept` names `text/event-stream`.',
    path: MachinePath,
    query: ReadLogs,
    answer: LogLineAnswer,
    isList: true,
    problems: ['task-not-found', 'bus-unavailable'],
  })
  async logs(
    @Param(new DtoPipe(MachinePath)) at: MachinePath,
    @Query(new DtoPipe(ReadLogs)) query: ReadLogs,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { idc, sn } = at;
    const source = { idc, sn, task_id: await this.#reads.attemptOf(at, query.task_id) };
    if (query.follow === true) {
      await followLogLines(this.#logs, reply, { source, after: query.after ?? 0 });
    } else {
      await reply.send(await readLogLines(this.#logs.bus, source, query));
    }
  }

  @Get('rendered')
  @Route({
    summary: 'The files the task would render now, with nothing applied',
    path: MachinePath,
    answer: RenderedAnswer,
    problems: ['task-not-found', 'region-unavailable', 'bus-unavailable'],
  })
  async rendered(@Param(new DtoPipe(MachinePath)) at: MachinePath): Promise<RenderTaskReply> {
    return this.#reads.rendered(at);
  }
}
