import type { Idc } from '@rackwright/kernel';
import type { DeadlineSettings, Task } from '@rackwright/domain-provisioning';
import {
  idcPrefix,
  keyspace,
  RenderTask,
  ROOT_PREFIX,
  type ListTasks,
  type MessageBus,
  type Revision,
  type RenderTaskReply,
  type Store,
  type TaskRecord,
  type TaskView,
} from '@rackwright/contracts';
import { deadlinesOf } from '../deadlines/deadline-settings.js';
import { pageItems, type Page } from '../http/page-items.js';
import { regionFailure } from '../regions/region-failure.js';
import { readEntry, type Stored } from '../state-view/record-table.js';
import type { StateView } from '../state-view/state-view.js';
import { readRecord } from '../store/read-records.js';
import { taskNotFound, type TaskPlace } from './task-problems.js';
import { taskOf, taskView } from './task-record.js';

export interface TaskReadParts {
  readonly store: Store;
  readonly bus: MessageBus;
  readonly view: StateView;
  /** Deadlines of IDCs without settings of their own. */
  readonly deadlines: DeadlineSettings;
}

/** Reads tasks for people. */
export class TaskReads {
  readonly #parts: TaskReadParts;

  constructor(parts: TaskReadParts) {
    this.#parts = parts;
  }

  /** Straight from the store. Throws 404. */
  async get(at: TaskPlace): Promise<TaskView> {
    const found = await this.#require(at);
    return this.show(taskOf(found.value), found.revision);
  }

  /** Newest first. */
  async list(query: ListTasks): Promise<Page<TaskView>> {
    const state = await this.#parts.view.fresh(query.idc === undefined ? ROOT_PREFIX : idcPrefix(query.idc));
    const isWanted = taskFilter(query);
    const tasks = state.tasks.list(query.idc).filter(({ value }) => isWanted(value));
    const page = pageItems(tasks, query, { placeOf: placeOfTask, isDescending: true });
    return { ...page, items: page.items.map(({ value, revision }) => this.show(taskOf(value), revision)) };
  }

  /** Earlier attempts on a machine, newest first; empty when there are none. */
  async history({ idc, sn }: TaskPlace, query: { limit?: number; cursor?: string }): Promise<Page<TaskView>> {
    const anyAttempt = keyspace.history.key({ idc, sn, task_id: '-' });
    const { entries } = await this.#parts.store.list(anyAttempt.slice(0, -1));
    const attempts = entries
      .map((entry) => readEntry(keyspace.history, entry))
      .filter((read): read is Stored<TaskRecord> => !('errors' in read));
    const page = pageItems(attempts, query, { placeOf: placeOfTask, isDescending: true });
    return { ...page, items: page.items.map(({ value, revision }) => this.show(taskOf(value), revision)) };
  }

  /** The files the task's region would render now. Throws 404, or `region-unavailable`. */
  async rendered(at: TaskPlace): Promise<RenderTaskReply> {
    await this.#require(at);
    try {
      return await this.#parts.bus.request(RenderTask, { idc: at.idc }, { sn: at.sn });
    } catch (error) {
      throw regionFailure(error, at.idc);
    }
  }

  /** The attempt whose log is asked for: the present one unless told. */
  async attemptOf(at: TaskPlace, taskId: string | undefined): Promise<string> {
    if (taskId !== undefined) return taskId;
    const { value } = await this.#require(at);
    return value.task_id;
  }

  show(task: Task, revision: Revision): TaskView {
    return taskView(task, revision, this.#deadlines(task.idc));
  }

  #deadlines(idc: Idc): DeadlineSettings {
    const { view, deadlines } = this.#parts;
    return deadlinesOf(deadlines, view.live.settings.get({ idc })?.value);
  }

  async #require(at: TaskPlace): Promise<Stored<TaskRecord>> {
    const found = await readRecord(this.#parts.store, keyspace.task, { idc: at.idc, sn: at.sn });
    if (found === undefined) throw taskNotFound(at);
    return found;
  }
}

function placeOfTask({ value }: Stored<TaskRecord>): string {
  return `${value.created_at}/${value.idc}/${value.sn}/${value.task_id}`;
}

function taskFilter(query: ListTasks): (task: TaskRecord) => boolean {
  const osType = query.os_type?.toLowerCase();
  const { status, sn, created_after: createdAfter } = query;
  const checks: ((task: TaskRecord) => boolean)[] = [];
  if (status !== undefined) checks.push((task) => task.status === status);
  if (sn !== undefined) checks.push((task) => task.sn === sn);
  if (osType !== undefined) checks.push((task) => task.os_type.toLowerCase() === osType);
  if (createdAfter !== undefined) checks.push((task) => task.created_at > createdAfter);
  if (query.tag !== undefined) checks.push(tagFilter(query.tag));
  return (task) => checks.every((check) => check(task));
}

function tagFilter(tag: string): (task: TaskRecord) => boolean {
  const [key = '', ...rest] = tag.split('=');
  const wanted = rest.length === 0 ? undefined : rest.join('=');
  return ({ tags = {} }) => Object.hasOwn(tags, key) && (wanted === undefined || tags[key] === wanted);
}
