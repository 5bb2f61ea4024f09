import { isUnfinished, type Task } from '@rackwright/domain-provisioning';
import type { Clock, Ipv4, Logger, Sn } from '@rackwright/kernel';
import { parseSyslog } from '@rackwright/protocol-syslog';
import { RateLimiter, type RateLimit } from '../dhcp/rate-limiter.js';
import type { RegionView } from '../region-view/region-view.port.js';
import type { InstallLogSink } from '../reports/install-log.js';
import { logTextOf } from './log-text.js';
import type { MachineAddresses } from './machine-addresses.js';
import type { SyslogMetrics, SyslogTransport } from './syslog-metrics.js';

/** An installer sends some thousand lines at once when it starts, and then a few each second. */
const SYSLOG_RATE: RateLimit = { perSecond: 200, burst: 5_000 };
/** Lines of one machine on their way to the log stream; an installer's first burst fits in. */
export const MAX_QUEUED_PER_MACHINE = 5_000;
/** Characters of all machines on their way: the log stream may be slow, memory is not endless. */
const MAX_QUEUED_CHARS = 33_554_432;
/** Lines that come together are published together. */
const FLUSH_AFTER_MS = 100;
/** What the log stream takes at once. */
const BATCH_LINES = 500;

export interface SyslogIntakeParts {
  readonly view: RegionView;
  readonly addresses: MachineAddresses;
  readonly installLog: InstallLogSink;
  readonly metrics: SyslogMetrics;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly rate?: RateLimit;
}

interface Queued {
  readonly text: string;
  readonly transport: SyslogTransport;
}

interface Queue {
  readonly taskId: string;
  lines: Queued[];
  flushed: Promise<void>;
}

/** Joins messages to the task of the machine they come from, within bounds. */
export class SyslogIntake {
  readonly #parts: SyslogIntakeParts;
  readonly #limiter: RateLimiter<Ipv4>;
  readonly #queues = new Map<Sn, Queue>();
  #queuedChars = 0;

  constructor(parts: SyslogIntakeParts) {
    this.#parts = parts;
    this.#limiter = new RateLimiter<Ipv4>(parts.clock, parts.rate ?? SYSLOG_RATE);
  }

  /** Takes one message; the promise, if there is one, resolves when its machine's lines have been passed on. */
  take(bytes: Uint8Array, ...[from, transport]: [from: Ipv4, transport: SyslogTransport]): Promise<void> | undefined {
    const { addresses, view, metrics, logger } = this.#parts;
    if (!this.#limiter.admits(from)) {
      metrics.count(transport, 'rate-limited');
      return undefined;
    }
    const mac = addresses.find(from);
    if (mac === undefined) {
      metrics.count(transport, 'unknown-source');
      return undefined;
    }
    const task = view.taskByMac(mac);
    const text = logTextOf(parseSyslog(bytes));
    if (task === undefined || !isUnfinished(task.status)) {
      metrics.count(transport, 'no-task');
      logger.debug({ mac, text }, 'syslog of a machine without a task');
      return undefined;
    }
    return this.#enqueue(task, { text, transport });
  }

  /** Resolves when nothing is on its way any more. */
  async idle(): Promise<void> {
    while (this.#queues.size > 0) await Promise.all(Array.from(this.#queues.values(), ({ flushed }) => flushed));
  }

  #enqueue(task: Task, line: Queued): Promise<void> | undefined {
    const queue = this.#queues.get(task.sn);
    if (queue === undefined || queue.taskId !== task.task_id) {
      this.#open(task, line);
      return undefined;
    }
    const isFull = queue.lines.length >= MAX_QUEUED_PER_MACHINE || this.#queuedChars >= MAX_QUEUED_CHARS;
    if (isFull) {
      this.#parts.metrics.count(line.transport, 'queue-full');
      return queue.flushed;
    }
    queue.lines.push(line);
    this.#queuedChars += line.text.length;
    return queue.lines.length >= MAX_QUEUED_PER_MACHINE / 2 ? queue.flushed : undefined;
  }

  /** Lines of an earlier attempt that are still on their way go before. */
  #open(task: Task, line: Queued): void {
    const before = this.#queues.get(task.sn)?.flushed ?? Promise.resolve();
    const queue: Queue = { taskId: task.task_id, lines: [line], flushed: Promise.resolve() };
    this.#queuedChars += line.text.length;
    this.#queues.set(task.sn, queue);
    queue.flushed = before
      .then(() => this.#pause())
      .then(() => this.#flush(task, queue))
      .finally(() => {
        if (this.#queues.get(task.sn) === queue) this.#queues.delete(task.sn);
      });
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#parts.clock.schedule(FLUSH_AFTER_MS, resolve);
    });
  }

  async #flush(task: Task, queue: Queue): Promise<void> {
    while (queue.lines.length > 0) {
      const batch = queue.lines.slice(0, BATCH_LINES);
      queue.lines = queue.lines.slice(BATCH_LINES);
      const isKept = await this.#pass(task, batch);
      for (const { text, transport } of batch) {
        this.#queuedChars -= text.length;
        this.#parts.metrics.count(transport, isKept ? 'kept' : 'not-kept');
      }
    }
  }

  async #pass(task: Task, lines: readonly Queued[]): Promise<boolean> {
    try {
      return await this.#parts.installLog.take(
        task,
        lines.map(({ text }) => ({ text })),
      );
    } catch (err) {
      this.#parts.logger.warn({ err, sn: task.sn, lines: lines.length }, 'syslog of a machine not kept');
      return false;
    }
  }
}
