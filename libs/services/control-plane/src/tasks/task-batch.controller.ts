import { Body, Controller, Inject, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { BatchOptions, BatchTasks, type Problem, type TaskView } from '@rackwright/contracts';
import { DtoPipe, Route } from '@rackwright/platform';
import { ANONYMOUS } from '../http/caller.js';
import { BatchItemAnswer } from '../open-api/task-answers.js';
import { defined } from '../store/defined.js';
import { createBatch } from './task-batch.js';
import { TaskCreation } from './task-creation.js';
import { TaskReads } from './task-reads.js';

interface BatchItemView {
  readonly index: number;
  readonly status: number;
  readonly task?: TaskView;
  readonly problem?: Problem;
}

/** `POST /api/v1/tasks/batch`. */
@ApiTags('tasks')
@Controller('api/v1/tasks')
export class TaskBatchController {
  readonly #creation: TaskCreation;
  readonly #reads: TaskReads;

  constructor(@Inject(TaskCreation) creation: TaskCreation, @Inject(TaskReads) reads: TaskReads) {
    this.#creation = creation;
    this.#reads = reads;
  }

  @Post('batch')
  @Route({
    summary: 'Create up to 500 tasks, each on its own',
    query: BatchOptions,
    body: BatchTasks,
    status: 207,
    answer: BatchItemAnswer,
    isList: true,
    isWrite: true,
  })
  async create(
    @Query(new DtoPipe(BatchOptions)) options: BatchOptions,
    @Body(new DtoPipe(BatchTasks)) body: BatchTasks,
  ): Promise<readonly BatchItemView[]> {
    const dryRun = options.dry_run === true;
    const outcomes = await createBatch(this.#creation, { items: body.tasks, dryRun, by: ANONYMOUS });
    return outcomes.map(({ index, status, written, preview, problem }) => {
      const shown = written ?? (preview === undefined ? undefined : { task: preview, revision: 0n });
      const task = shown === undefined ? undefined : this.#reads.show(shown.task, shown.revision);
      return defined({ index, status, task, problem });
    });
  }
}
