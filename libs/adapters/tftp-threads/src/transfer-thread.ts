import { Worker } from 'node:worker_threads';
import type { FileTransfer, TransferReport } from '@rackwright/contracts';
import { OperationalError } from '@rackwright/kernel';
import { linuxCalls, type LinuxCalls } from './linux-calls.js';
import { NativeMemory } from './native-memory.js';
import { EVENTFD_NONBLOCK_CLOEXEC } from './socket-layout.js';
import type { FromThread, ThreadData, ToThread } from './thread-messages.js';

/** Always the compiled module, also when this one is run from its source: a thread loads no TypeScript. */
const THREAD_MODULE = new URL('../dist/thread.js', import.meta.url);
/** The thread holds some kilobytes per transfer; its heap needs no more. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 8 };

/** What waits for a report. */
interface Waiting {
  readonly resolve: (report: TransferReport) => void;
  readonly reject: (error: Error) => void;
}

/** One thread that sends files, seen from the thread that asks. */
export class TransferThread {
  readonly #calls: LinuxCalls = linuxCalls();
  readonly #one: NativeMemory;
  readonly #wakeDescriptor: number;
  readonly #flag = new Int32Array(new SharedArrayBuffer(4));
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #exited: Promise<unknown>;
  readonly #ready = Promise.withResolvers<undefined>();
  #lastId = 0;
  #hasExited = false;

  constructor() {
    this.#one = new NativeMemory(this.#calls, 8);
    this.#one.setWord(0, 1);
    this.#wakeDescriptor = this.#calls.eventfd(0, EVENTFD_NONBLOCK_CLOEXEC);
    if (this.#wakeDescriptor < 0) throw unavailable(`eventfd: ${this.#calls.errorName()}`);
    const workerData: ThreadData = { wakeDescriptor: this.#wakeDescriptor, flag: this.#flag };
    this.#worker = new Worker(THREAD_MODULE, { workerData, resourceLimits: RESOURCE_LIMITS, execArgv: [] });
    this.#worker.unref();
    // Not everyone waits for it.
    this.#ready.promise.catch(() => undefined);
    // Not `once` of node:events: it rejects when the thread fails, and nobody may be waiting.
    this.#exited = new Promise((resolve) => this.#worker.once('exit', resolve));
    this.#worker.on('message', (message: FromThread) => {
      this.#receive(message);
    });
    this.#worker.on('error', (error) => {
      this.#abandon(error);
    });
    this.#worker.on('exit', () => {
      this.#abandon(new Error('the thread has ended'));
      this.#calls.close(this.#wakeDescriptor);
    });
  }

  /** Resolves once it can take transfers. */
  get ready(): Promise<undefined> {
    return this.#ready.promise;
  }

  /** Transfers it runs. */
  get load(): number {
    return this.#waiting.size;
  }

  get hasExited(): boolean {
    return this.#hasExited;
  }

  run(transfer: FileTransfer): Promise<TransferReport> {
    this.#lastId += 1;
    const id = this.#lastId;
    const report = new Promise<TransferReport>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
    });
    this.#post({ kind: 'run', id, transfer });
    return report;
  }

  /** Ends its transfers, each with an ERROR to the client, and the thread. */
  async stop(): Promise<void> {
    if (!this.#hasExited) this.#post({ kind: 'stop' });
    await this.#exited;
  }

  #post(message: ToThread): void {
    this.#worker.postMessage(message);
    Atomics.store(this.#flag, 0, 1);
    this.#calls.write(this.#wakeDescriptor, this.#one.address, 8);
  }

  #receive(message: FromThread): void {
    if (message.kind === 'ready') {
      this.#ready.resolve(undefined);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.kind === 'report') waiting?.resolve(message.report);
    else waiting?.reject(unavailable(message.why));
  }

  #abandon(error: unknown): void {
    this.#hasExited = true;
    this.#ready.reject(unavailable('its thread has failed', error));
    for (const { reject } of this.#waiting.values()) reject(unavailable('its thread has failed', error));
    this.#waiting.clear();
  }
}

function unavailable(why: string, cause?: unknown): OperationalError {
  return new OperationalError(`a file cannot be sent: ${why}`, {
    code: 'transfers-unavailable',
    retryable: true,
    cause,
  });
}
