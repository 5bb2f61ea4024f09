import { Body, Controller, Get, Headers, Inject, Param, Post, Res, UseGuards } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiExtraModels, ApiParam, ApiTags, getSchemaPath } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { HardwareReport, LogEntry, ProgressReport, type TaskView } from '@rackwright/contracts';
import { parseSn } from '@rackwright/kernel';
import { DtoPipe, ProblemError, Route } from '@rackwright/platform';
import { LogsAnswer, ProgressAnswer, ReportAnswer, TaskAnswer } from '../open-api/answers.js';
import { REGION_STATE, type RegionState } from '../region-view/region-state.js';
import { BOOT_TOKENS, type BootTokens } from './boot-tokens.js';
import { BootTokenGuard } from './boot-token.guard.js';
import { parseLogEntries } from './log-entries.js';
import { MACHINE_AGENTS, type MachineAgents } from './machine-agents.js';
import { taskView } from './task-view.js';

/** Seconds after which a machine without a task reports again. */
const UNMATCHED_RETRY_SECONDS = 30;

const ofMachine = { isAuthenticated: true } as const;

/** `POST /api/v1/{report,progress,logs}` and `GET /api/v1/task/:sn`. */
@ApiTags('agent')
@Controller('api/v1')
export class AgentReportsController {
  readonly #agents: MachineAgents;
  readonly #tokens: BootTokens;
  readonly #state: RegionState;

  constructor(
    @Inject(MACHINE_AGENTS) agents: MachineAgents,
    @Inject(BOOT_TOKENS) tokens: BootTokens,
    @Inject(REGION_STATE) state: RegionState,
  ) {
    this.#agents = agents;
    this.#tokens = tokens;
    this.#state = state;
  }

  @Post('report')
  @Route({
    summary: 'Report the hardware of a machine',
    description:
      'Without a valid boot token the report is kept as that of an unmatched machine, and the answer is 202.',
    body: HardwareReport,
    status: 200,
    answer: ReportAnswer,
    problems: ['rate-limited', 'journal-full'],
  })
  async report(
    @Body(new DtoPipe(HardwareReport)) body: HardwareReport,
    @Headers('authorization') authorization: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const task = this.#tokens.identify(authorization);
    if (task?.sn === body.sn) {
      const current = await this.#agents.hardware(task, body);
      return { result: 'accepted', task_id: current.task_id, status: current.status };
    }
    await this.#agents.unmatched(body);
    reply.status(202);
    return { result: 'unmatched', retry_after: UNMATCHED_RETRY_SECONDS };
  }

  @Post('progress')
  @UseGuards(BootTokenGuard)
  @Route({
    ...ofMachine,
    summary: 'Report the progress of an installation',
    body: ProgressReport,
    status: 200,
    answer: ProgressAnswer,
    problems: ['task-mismatch', 'task-not-installing', 'journal-full'],
  })
  async progress(
    @Body(new DtoPipe(ProgressReport)) body: ProgressReport,
    @Headers('authorization') authorization: string | undefined,
  ): Promise<object> {
    const task = this.#tokens.require(authorization, body.sn);
    const { step, percent, message = '' } = body;
    const current = await this.#agents.report(task, { kind: 'progress', step, percent, message }, body.task_id);
    return { result: 'accepted', task_id: current.task_id, status: current.status, percent: current.percent };
  }

  @Post('logs')
  @UseGuards(BootTokenGuard)
  @Route({
    ...ofMachine,
    summary: 'Send lines of the install log',
    description: 'One JSON object per line.',
    status: 202,
    answer: LogsAnswer,
    problems: ['invalid-request', 'body-too-large', 'unsupported-media-type', 'journal-full'],
  })
  @ApiExtraModels(LogEntry)
  @ApiConsumes('application/x-ndjson')
  @ApiBody({ schema: { $ref: getSchemaPath(LogEntry) } })
  async logs(@Body() body: unknown, @Headers('authorization') authorization: string | undefined): Promise<object> {
    const task = this.#tokens.require(authorization);
    if (typeof body !== 'string' && body !== undefined && body !== null) {
      throw new ProblemError('unsupported-media-type', 'The body must be application/x-ndjson');
    }
    const entries = parseLogEntries(body ?? '');
    if (entries.some((entry) => entry.sn !== undefined && entry.sn !== task.sn)) this.#tokens.require(undefined);
    await this.#agents.logs(task, entries);
    return { result: 'accepted', lines: entries.length };
  }

  @Get('task/:sn')
  @UseGuards(BootTokenGuard)
  @Route({ ...ofMachine, summary: 'The task of the machine', answer: TaskAnswer, problems: ['task-not-found'] })
  @ApiParam({ name: 'sn', required: true, schema: { type: 'string' } })
  async task(
    @Param('sn') text: string,
    @Headers('authorization') authorization: string | undefined,
  ): Promise<TaskView> {
    const sn = parseSn(text);
    if (sn === undefined || this.#state.taskBySn(sn) === undefined) {
      throw new ProblemError('task-not-found', 'There is no task for that machine');
    }
    const { task, revision } = await this.#agents.whole(this.#tokens.require(authorization, sn));
    return taskView(task, revision, this.#state.settings());
  }
}
