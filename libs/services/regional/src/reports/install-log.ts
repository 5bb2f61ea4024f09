import type { LogEntry, LogLine } from '@rackwright/contracts';
import type { Task } from '@rackwright/domain-provisioning';
import { formatInstant, randomHex, type Clock, type Idc, type Random } from '@rackwright/kernel';
import { plainText } from '../agent-api/log-entries.js';
import type { LogLines } from './log-lines.js';
import type { LogTails } from './log-tails.js';

/** Takes lines about the installation of a machine. */
export interface InstallLogSink {
  /** Resolves with `false` when there is no room; otherwise once the lines are in the log stream or on disk. */
  take(task: Task, entries: readonly LogEntry[]): Promise<boolean>;
}

export interface InstallLogParts {
  readonly idc: Idc;
  readonly logLines: LogLines;
  readonly logTails: LogTails;
  readonly clock: Clock;
  readonly random: Random;
}

/** Brings lines to the log stream, and the newest into the task. */
export class InstallLog implements InstallLogSink {
  readonly #parts: InstallLogParts;
  /** Distinguishes the lines of this process from those of an earlier one. */
  readonly #run: string;
  #lines = 0;

  constructor(parts: InstallLogParts) {
    this.#parts = parts;
    this.#run = randomHex(parts.random, 4);
  }

  async take(task: Task, entries: readonly LogEntry[]): Promise<boolean> {
    if (entries.length === 0) return true;
    const lines = entries.map((entry) => this.#line(task, entry));
    if (!(await this.#parts.logLines.publish(lines))) return false;
    this.#parts.logTails.add(
      task,
      lines.map(({ text }) => text),
    );
    return true;
  }

  #line(task: Task, entry: LogEntry): LogLine {
    this.#lines += 1;
    const own = `${this.#run}-${String(this.#lines)}`;
    return {
      idc: this.#parts.idc,
      sn: task.sn,
      task_id: task.task_id,
      at: entry.at ?? formatInstant(this.#parts.clock.now()),
      text: plainText(entry.text),
      id: `${task.task_id}-${entry.id ?? own}`,
    };
  }
}
