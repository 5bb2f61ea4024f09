import type { FileTransfer, FileTransfers, TransferReport } from '@rackwright/contracts';
import { OperationalError } from '@rackwright/kernel';
import { TransferThread } from './transfer-thread.js';

export interface ThreadedTransfersOptions {
  /** At most. */
  readonly threads: number;
}

/** Sends files from threads that do nothing else and share the work; one that failed is replaced. */
export class ThreadedTransfers implements FileTransfers {
  readonly #options: ThreadedTransfersOptions;
  #threads: TransferThread[] = [];

  constructor(options: ThreadedTransfersOptions) {
    this.#options = options;
  }

  async prepare(): Promise<void> {
    while (this.#threads.length < this.#options.threads) this.#threads.push(startThread());
    await Promise.all(this.#threads.map(({ ready }) => ready));
  }

  async run(transfer: FileTransfer): Promise<TransferReport> {
    return this.#leastBusy().run(transfer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const threads = this.#threads;
    this.#threads = [];
    await Promise.all(threads.map((thread) => thread.stop()));
  }

  #leastBusy(): TransferThread {
    const running = this.#threads.filter(({ hasExited }) => !hasExited);
    this.#threads = running;
    const [idlest] = running.toSorted((left, right) => left.load - right.load);
    if (idlest !== undefined && (idlest.load === 0 || running.length >= this.#options.threads)) return idlest;
    const started = startThread();
    this.#threads.push(started);
    return started;
  }
}

function startThread(): TransferThread {
  try {
    return new TransferThread();
  } catch (error) {
    if (error instanceof OperationalError) throw error;
    throw new OperationalError('no thread can send files here', {
      code: 'transfers-unavailable',
      retryable: false,
      cause: error,
    });
  }
}
