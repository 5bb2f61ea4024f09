import { MAX_LOG_LINES, type MachineReport, type Task } from '@rackwright/domain-provisioning';
import { formatInstant, type Cancel, type Clock, type Logger, type Sn } from '@rackwright/kernel';
import type { ReportSink } from './report-sink.js';

/** The tail in the task is rewritten at most this often per machine: every watcher gets the whole task each time. */
const REWRITE_EVERY_MS = 1_000;

interface Tail {
  readonly taskId: string;
  lines: string[];
}

/** Collects log lines into the tail that the task itself carries. The full log is in the stream. */
export class LogTails {
  readonly #sink: ReportSink;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #tails = new Map<Sn, Tail>();
  readonly #pauses = new Map<Sn, Cancel>();

  constructor(sink: ReportSink, ports: { readonly clock: Clock; readonly logger: Logger }) {
    this.#sink = sink;
    this.#clock = ports.clock;
    this.#logger = ports.logger;
  }

  add(task: Task, lines: readonly string[]): void {
    const found = this.#tails.get(task.sn);
    const tail = found?.taskId === task.task_id ? found : { taskId: task.task_id, lines: [] };
    tail.lines = [...tail.lines, ...lines].slice(-MAX_LOG_LINES);
    this.#tails.set(task.sn, tail);
    if (!this.#pauses.has(task.sn)) this.#flushThenPause(task.sn);
  }

  /** Writes what is collected, e.g. before the process ends. */
  async flush(): Promise<void> {
    for (const cancel of this.#pauses.values()) cancel();
    this.#pauses.clear();
    await Promise.all([...this.#tails.keys()].map((sn) => this.#flush(sn)));
  }

  #flushThenPause(sn: Sn): void {
    const cancel = this.#clock.schedule(REWRITE_EVERY_MS, () => {
      this.#pauses.delete(sn);
      if (this.#tails.has(sn)) this.#flushThenPause(sn);
    });
    this.#pauses.set(sn, cancel);
    void this.#flush(sn);
  }

  async #flush(sn: Sn): Promise<void> {
    const tail = this.#tails.get(sn);
    if (tail === undefined) return;
    this.#tails.delete(sn);
    const at = formatInstant(this.#clock.now());
    const report: MachineReport = { kind: 'logs', taskId: tail.taskId, at, lines: tail.lines };
    try {
      const taken = await this.#sink.report(sn, report);
      if (!taken.ok) this.#logger.debug({ sn, refusal: taken.fault }, 'log tail not taken');
    } catch (error) {
      this.#logger.warn({ err: error, sn }, 'log tail not written');
    }
  }
}
