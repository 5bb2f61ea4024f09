import { Body, Controller, Delete, Get, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApproveTask, CreateTask, ListTasks, MachinePath, TaskReason, type TaskView } from '@rackwright/contracts';
import { DtoPipe, Route } from '@rackwright/platform';
import { answerResource } from '../http/answer-resource.js';
import { ANONYMOUS, askingOf, ifMatchOf } from '../http/caller.js';
import { answerPage } from '../http/page-items.js';
import { TaskAnswer } from '../open-api/task-answers.js';
import { TaskCreation, type WrittenTask } from './task-creation.js';
import { TaskDecisions } from './task-decisions.js';
import { taskPath } from './task-problems.js';
import { TaskReads } from './task-reads.js';

const onTask = { path: MachinePath, answer: TaskAnswer, isConditional: true, isWrite: true } as const;
const withReason = { ...onTask, body: TaskReason, isBodyOptional: true } as const;
const reasonPipe = new DtoPipe(TaskReason, { allowEmpty: true });
const atMachine = new DtoPipe(MachinePath);

/** `/api/v1/tasks`: creating, reading and deciding. */
@ApiTags('tasks')
@Controller('api/v1/tasks')
export class TasksController {
  readonly #creation: TaskCreation;
  readonly #decisions: TaskDecisions;
  readonly #reads: TaskReads;

  constructor(
    @Inject(TaskCreation) creation: TaskCreation,
    @Inject(TaskDecisions) decisions: TaskDecisions,
    @Inject(TaskReads) reads: TaskReads,
  ) {
    this.#creation = creation;
    this.#decisions = decisions;
    this.#reads = reads;
  }

  @Post()
  @Route({
    summary: 'Create an install task',
    body: CreateTask,
    status: 201,
    answer: TaskAnswer,
    isWrite: true,
    problems: ['task-active', 'machine-in-maintenance'],
  })
  async create(
    @Body(new DtoPipe(CreateTask)) body: CreateTask,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TaskView> {
    return this.#answerNew(await this.#creation.create(body, ANONYMOUS), reply);
  }

  @Get()
  @Route({ summary: 'List tasks, newest first', query: ListTasks, answer: TaskAnswer, isList: true, isPaged: true })
  async list(
    @Query(new DtoPipe(ListTasks)) query: ListTasks,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<readonly TaskView[]> {
    return answerPage(await this.#reads.list(query), reply, (task) => task);
  }

  @Get(':idc/:sn')
  @Route({ summary: 'Read a task', path: MachinePath, answer: TaskAnswer, problems: ['task-not-found'] })
  async get(@Param(atMachine) at: MachinePath, @Res({ passthrough: true }) reply: FastifyReply): Promise<TaskView> {
    return answerResource(reply, await this.#reads.get(at));
  }

  @Post(':idc/:sn/approve')
  @Route({
    ...onTask,
    summary: 'Approve a task, or reject it with approved: false',
    body: ApproveTask,
    isBodyOptional: true,
    problems: ['task-not-found', 'task-state-conflict', 'machine-in-maintenance'],
  })
  async approve(
    @Param(atMachine) at: MachinePath,
    @Body(new DtoPipe(ApproveTask, { allowEmpty: true })) body: ApproveTask,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TaskView> {
    return this.#answer(await this.#decisions.approve(at, body, askingOf(reply.request)), reply);
  }

  @Post(':idc/:sn/reject')
  @Route({ ...withReason, summary: 'Reject a task', problems: ['task-not-found', 'task-state-conflict'] })
  async reject(
    @Param(atMachine) at: MachinePath,
    @Body(reasonPipe) body: TaskReason,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TaskView> {
    return this.#answer(await this.#decisions.reject(at, body, askingOf(reply.request)), reply);
  }

  @Post(':idc/:sn/cancel')
  @Route({ ...withReason, summary: 'Cancel an unfinished task', problems: ['task-not-found', 'task-state-conflict'] })
  async cancel(
    @Param(atMachine) at: MachinePath,
    @Body(reasonPipe) body: TaskReason,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TaskView> {
    return this.#answer(await this.#decisions.cancel(at, body, askingOf(reply.request)), reply);
  }

  @Post(':idc/:sn/retry')
  @Route({
    ...withReason,
    summary: 'Try a finished task again as a new attempt',
    problems: ['task-not-found', 'task-state-conflict', 'task-active', 'machine-in-maintenance'],
  })
  async retry(
    @Param(atMachine) at: MachinePath,
    @Body(reasonPipe) body: TaskReason,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TaskView> {
    return this.#answer(await this.#creation.retry(at, body, askingOf(reply.request)), reply);
  }

  @Delete(':idc/:sn')
  @Route({
    summary: 'Delete a finished task; its attempt stays in the history',
    path: MachinePath,
    isConditional: true,
    isWrite: true,
    problems: ['task-not-found', 'task-active'],
  })
  async remove(@Param(atMachine) at: MachinePath, @Req() request: FastifyRequest): Promise<void> {
    await this.#decisions.remove(at, ifMatchOf(request));
  }

  #answer({ task, revision }: WrittenTask, reply: FastifyReply): TaskView {
    return answerResource(reply, this.#reads.show(task, revision));
  }

  #answerNew({ task, revision }: WrittenTask, reply: FastifyReply): TaskView {
    return answerResource(reply, this.#reads.show(task, revision), taskPath(task));
  }
}
