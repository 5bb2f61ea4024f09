import type { HardwareReport, LogEntry, Revision } from '@rackwright/contracts';
import { findProfile, type MachineReport, type Profile, type Task } from '@rackwright/domain-provisioning';
import { formatInstant, type Clock, type Idc, type Instant } from '@rackwright/kernel';
import { ProblemError } from '@rackwright/platform';
import type { NodeSightings } from '../nodes/node-registry.port.js';
import type { MachineLiveness } from '../registration/machine-liveness.js';
import type { RegionState } from '../region-view/region-state.js';
import type { RecordSource } from '../reports/fact-batch.js';
import type { FactRecorder } from '../reports/fact-recorder.js';
import type { InstallLogSink } from '../reports/install-log.js';
import type { BootTraces } from '../tracing/boot-traces.js';
import { refusalProblem } from './refusal-problem.js';
import { ReportStamps } from './report-stamps.js';
import { UnmatchedLimit } from './unmatched-limit.js';

export interface MachineAgentsParts {
  readonly idc: Idc;
  readonly state: RegionState;
  readonly recorder: FactRecorder;
  readonly sightings: NodeSightings;
  readonly liveness: MachineLiveness;
  readonly installLog: InstallLogSink;
  readonly traces: BootTraces;
  readonly fromStore: Pick<RecordSource, 'task'>;
  readonly clock: Clock;
}

type ReportBody = MachineReport extends infer R ? (R extends MachineReport ? Omit<R, 'taskId' | 'at'> : never) : never;

/** Turns what install agents say into facts. */
export class MachineAgents {
  readonly #parts: MachineAgentsParts;
  readonly #unmatched: UnmatchedLimit;
  readonly #stamps: ReportStamps;

  constructor(parts: MachineAgentsParts) {
    this.#parts = parts;
    this.#stamps = new ReportStamps(parts.clock);
    this.#unmatched = new UnmatchedLimit(parts.clock);
  }

  /** The agent is alive; the first time it moves an approved task to `installing`. */
  async contact(task: Task): Promise<Task> {
    this.#parts.liveness.noteContact(task.sn, task.task_id);
    if (task.status !== 'approved') return task;
    const traceparent = this.#parts.traces.of(task.mac);
    return this.report(task, { kind: 'contact', ...(traceparent === undefined ? {} : { traceparent }) });
  }

  /** Records one report about the task's machine; refused as a problem. `taskId` is what the machine said. */
  async report(task: Task, body: ReportBody, taskId = task.task_id): Promise<Task> {
    const { recorder, liveness } = this.#parts;
    liveness.noteContact(task.sn, task.task_id);
    const report: MachineReport = { ...body, taskId, at: this.#stamps.next(task) };
    const taken = await recorder.report(task.sn, report);
    if (!taken.ok) throw refusalProblem(taken.fault);
    return taken.value;
  }

  /** Hardware of a machine that proved its identity. */
  async hardware(task: Task, report: HardwareReport): Promise<Task> {
    const current = await this.contact(task);
    const meta = { sn: task.sn, mac: report.mac_address, hardware: report.hardware, reported_at: this.#now() };
    const taken = await this.#parts.recorder.take({ kind: 'hardware', meta });
    if (!taken.ok) throw refusalProblem(taken.fault);
    return current;
  }

  /** Hardware of a machine nobody vouches for: kept for people to claim. */
  async unmatched(report: HardwareReport): Promise<void> {
    const { state, recorder, sightings } = this.#parts;
    const { sn, mac_address, hardware } = report;
    const isKnown = state.storedFirstSeen(mac_address) !== undefined;
    const room = this.#unmatched.admit(mac_address, { isKnown, stored: state.unmatchedCount });
    if (room === 'just-heard') return;
    if (room === 'full') {
      throw new ProblemError('rate-limited', 'Too many machines without a task have reported', {
        headers: { 'retry-after': '60' },
      });
    }
    const at = this.#now();
    const seen = { sn, mac_address, hardware, first_seen: at, last_seen: at };
    const taken = await recorder.take({ kind: 'unmatched', seen });
    if (!taken.ok) throw refusalProblem(taken.fault);
    await sightings.noteBootClient({ mac: mac_address });
  }

  /** Install log lines: to the log stream, and the newest into the task. */
  async logs(task: Task, entries: readonly LogEntry[]): Promise<void> {
    const stray = entries.find((entry) => entry.task_id !== undefined && entry.task_id !== task.task_id);
    if (stray?.task_id !== undefined) {
      throw refusalProblem({ code: 'task-mismatch', expected: task.task_id, reported: stray.task_id });
    }
    this.#parts.liveness.noteContact(task.sn, task.task_id);
    if (!(await this.#parts.installLog.take(task, entries))) throw refusalProblem({ code: 'journal-full' });
  }

  /** The profile the task installs. */
  profileOf(task: Task): Profile {
    const profile = findProfile(this.#parts.state.profiles(), task);
    if (profile !== undefined) return profile;
    throw new ProblemError('profile-not-found', `The profile ${task.profile} of the task does not exist any more`);
  }

  /** The task with all it has; of a finished one the log tail is in etcd alone. */
  async whole(task: Task): Promise<{ readonly task: Task; readonly revision: Revision }> {
    const held = this.#parts.state.storedTask(task.sn);
    const revision = held?.modRevision ?? 0n;
    if (held?.isAbridged !== true) return { task, revision };
    const found = await this.#parts.fromStore.task(task.sn).catch(() => undefined);
    return found?.value === undefined ? { task, revision } : { task: found.value, revision: found.modRevision };
  }

  #now(): Instant {
    return formatInstant(this.#parts.clock.now());
  }
}

/** Nest token of {@link MachineAgents}. */
export const MACHINE_AGENTS = Symbol('MachineAgents');
