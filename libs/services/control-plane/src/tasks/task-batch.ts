import { checkDocument, CreateTask, type FieldProblem, type Problem } from '@rackwright/contracts';
import type { Task } from '@rackwright/domain-provisioning';
import { answerError, ProblemError, renderProblem } from '@rackwright/platform';
import type { TaskCreation, WrittenTask } from './task-creation.js';
import { taskActive } from './task-problems.js';

/** Items written at once; more would only queue in the store. */
const CONCURRENT_ITEMS = 16;

/** How one item of a batch went. */
export interface BatchOutcome {
  readonly index: number;
  readonly status: number;
  readonly written?: WrittenTask;
  /** With `dry_run`: what would have been created. */
  readonly preview?: Task;
  readonly problem?: Problem;
}

export interface BatchRequest {
  readonly items: readonly unknown[];
  readonly dryRun: boolean;
  readonly by: string;
}

/**
 * Creates the tasks of a batch, each on its own. Items about the same machine are taken in their order, so that of
 * two for one machine the first one wins.
 */
export async function createBatch(creation: TaskCreation, batch: BatchRequest): Promise<readonly BatchOutcome[]> {
  const outcomes: BatchOutcome[] = [];
  const settled = new Map<string, Promise<unknown>>();
  const planned = new Map<string, Task>();
  const running = new Set<Promise<void>>();
  for (const [index, item] of batch.items.entries()) {
    const keys = machineKeysOf(item);
    const before = keys.map((key) => settled.get(key)).filter((work) => work !== undefined);
    const work = Promise.all(before).then(async () => {
      outcomes[index] = { index, ...(await settle(() => runItem(creation, item, { batch, planned }))) };
    });
    for (const key of keys) settled.set(key, work);
    const tracked = work.finally(() => running.delete(tracked));
    running.add(tracked);
    if (running.size >= CONCURRENT_ITEMS) await Promise.race(running);
  }
  await Promise.all(running);
  return outcomes;
}

type ItemOutcome = Omit<BatchOutcome, 'index'>;

/** The problem object `error` is answered with. */
function problemOf(error: unknown): Problem {
  return renderProblem(answerError(error));
}

async function settle(work: () => Promise<ItemOutcome>): Promise<ItemOutcome> {
  try {
    return await work();
  } catch (error) {
    const problem = problemOf(error);
    return { status: problem.status, problem };
  }
}

interface ItemRun {
  readonly batch: BatchRequest;
  /** Machines the dry run has given a task so far. */
  readonly planned: Map<string, Task>;
}

async function runItem(creation: TaskCreation, item: unknown, { batch, planned }: ItemRun): Promise<ItemOutcome> {
  const checked = checkDocument(CreateTask, item);
  if (!checked.ok) throw invalidItem(checked.fault.errors);
  if (!batch.dryRun) return { status: 201, written: await creation.create(checked.value, batch.by) };
  const keys = machineKeysOf(checked.value);
  const taken = keys.map((key) => planned.get(key)).find((task) => task !== undefined);
  if (taken !== undefined) throw taskActive(taken);
  const preview = await creation.preview(checked.value, batch.by);
  for (const key of keys) planned.set(key, preview);
  return { status: 200, preview };
}

function invalidItem(errors: readonly FieldProblem[]): ProblemError {
  const details = errors.slice(0, 4).map(({ detail }) => detail);
  return new ProblemError('invalid-request', `Invalid item: ${details.join('; ')}`, { errors });
}

/** What makes two items about one machine, in one spelling. */
function machineKeysOf(item: unknown): readonly string[] {
  if (typeof item !== 'object' || item === null) return [];
  const { idc, sn, mac } = item as Readonly<Record<string, unknown>>;
  const keys: string[] = [];
  if (typeof sn === 'string') keys.push(`${String(idc)}/sn/${sn}`);
  if (typeof mac === 'string') keys.push(`${String(idc)}/mac/${mac.toLowerCase().replace(/[^0-9a-f]/g, '')}`);
  return keys;
}
