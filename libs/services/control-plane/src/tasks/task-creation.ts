import { formatInstant, randomHex, type Clock, type Random } from '@rackwright/kernel';
import {
  installRequestOf,
  transitionOf,
  actionsOf,
  type Birth,
  type InstallRequest,
  type Task,
} from '@rackwright/domain-provisioning';
import {
  keyspace,
  PROFILES_PREFIX,
  type CreateTask,
  type Revision,
  type Store,
  type TaskReason,
} from '@rackwright/contracts';
import { currentTraceparent, requireMatch, type IfMatch } from '@rackwright/platform';
import { allProfiles } from '../profiles/profile-record.js';
import type { StateView } from '../state-view/state-view.js';
import { readRecord } from '../store/read-records.js';
import { fromStore, viewFirst } from '../store/view-first.js';
import { writeChange } from '../store/written-change.js';
import { findInstallRequest, installRequestFrom } from './install-request.js';
import { planAttempt } from './plan-attempt.js';
import { taskNotFound, taskStateConflict, type TaskPlace } from './task-problems.js';
import { taskOf } from './task-record.js';

/** Long enough that guessing one is hopeless, short enough for a kernel command line. */
const BOOT_TOKEN_BYTES = 32;
const TASK_ID_BYTES = 4;

/** A task and the revision it was written at. */
export interface WrittenTask {
  readonly task: Task;
  readonly revision: Revision;
}

export interface CreationParts {
  readonly store: Store;
  readonly view: StateView;
  readonly clock: Clock;
  readonly random: Random;
}

/** Makes new attempts. */
export class TaskCreation {
  readonly #parts: CreationParts;

  constructor(parts: CreationParts) {
    this.#parts = parts;
  }

  /** Creates a task. Throws `ProblemError` when no profile fits or the machine is busy. */
  async create(body: CreateTask, by: string): Promise<WrittenTask> {
    const request = await this.#requestFrom(body);
    const birth = { ...this.#birth(by), autoApprove: body.auto_approve === true };
    return this.#write(viewFirst(this.#parts, (read) => planAttempt(read, request, birth)));
  }

  /** What {@link create} would do, with nothing written. */
  async preview(body: CreateTask, by: string): Promise<Task> {
    const request = await this.#requestFrom(body);
    const birth = { ...this.#birth(by), autoApprove: body.auto_approve === true };
    const { outcome } = await planAttempt(fromStore(this.#parts.store), request, birth);
    return outcome;
  }

  /** Tries a finished task again as it was, as a new attempt. */
  async retry(
    at: TaskPlace,
    body: TaskReason,
    { by, ifMatch }: { by: string; ifMatch: IfMatch },
  ): Promise<WrittenTask> {
    const birth = { ...this.#birth(by), reason: body.reason };
    const read = fromStore(this.#parts.store);
    return this.#write(async () => planAttempt(read, await this.#requestToRepeat(at, ifMatch), birth));
  }

  async #requestToRepeat(at: TaskPlace, ifMatch: IfMatch): Promise<InstallRequest> {
    const found = await readRecord(this.#parts.store, keyspace.task, { idc: at.idc, sn: at.sn });
    if (found === undefined) throw taskNotFound(at);
    requireMatch(ifMatch, found.revision);
    const { status } = found.value;
    if (transitionOf(status, 'retry') === undefined) {
      throw taskStateConflict({ code: 'task-state-conflict', status, action: 'retry', allowed: actionsOf(status) });
    }
    return installRequestOf(taskOf(found.value));
  }

  /** The view answers for the profiles it knows; only before refusing one is the store asked. */
  async #requestFrom(body: CreateTask): Promise<InstallRequest> {
    const { view } = this.#parts;
    const known = view.syncedAtMs === undefined ? [] : allProfiles(view.live.profiles.list());
    const request = findInstallRequest(body, known);
    if (request !== undefined) return request;
    const state = await view.fresh(PROFILES_PREFIX);
    return installRequestFrom(body, allProfiles(state.profiles.list()));
  }

  #birth(by: string): Birth {
    const { clock, random } = this.#parts;
    const traceparent = currentTraceparent();
    return {
      taskId: `task-${randomHex(random, TASK_ID_BYTES)}`,
      bootToken: randomHex(random, BOOT_TOKEN_BYTES),
      at: formatInstant(clock.now()),
      by,
      ...(traceparent === undefined ? {} : { traceparent }),
    };
  }

  async #write(plan: (attempt: number) => ReturnType<typeof planAttempt>): Promise<WrittenTask> {
    const { outcome, revision } = await writeChange(this.#parts.store, plan);
    return { task: outcome, revision };
  }
}
