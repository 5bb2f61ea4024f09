import type {
  DatagramSocket,
  DatagramSockets,
  Endpoint,
  FileTransfers,
  TransferLimits,
  TransferReport,
} from '@rackwright/contracts';
import { OperationalError, type Clock, type Ipv4, type Logger } from '@rackwright/kernel';
import type { TftpRequest } from '@rackwright/protocol-tftp';
import type { SharedPort } from './shared-port.js';
import { netasciiSizeOf, type TftpContent } from './tftp-contents.js';
import { TftpTransfer } from './tftp-transfer.js';

export interface TransferRunnerParts {
  readonly sockets: DatagramSockets;
  readonly address: Ipv4;
  /** Other threads; what they cannot do is done here. */
  readonly transfers?: FileTransfers;
  readonly limits: TransferLimits;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A read request and who sent it. */
export interface Requested {
  readonly request: TftpRequest;
  /** The datagram it was read from. */
  readonly bytes: Uint8Array;
  readonly client: Endpoint;
}

/** Runs transfers where they run best: plain files in threads of their own, everything else in this one. */
export class TransferRunner implements AsyncDisposable {
  readonly #parts: TransferRunnerParts;
  readonly #here = new Set<TftpTransfer>();

  constructor(parts: TransferRunnerParts) {
    this.#parts = parts;
  }

  /** Gets ready for transfers; what cannot be made ready is done without. */
  async prepare(): Promise<void> {
    try {
      await this.#parts.transfers?.prepare();
    } catch (error) {
      this.#parts.logger.warn({ err: error }, 'files are sent from the main thread');
    }
  }

  async run(requested: Requested, content: TftpContent, shared: SharedPort | undefined): Promise<TransferReport> {
    const { request } = requested;
    const isPlain = shared === undefined && request.mode === 'octet';
    const report = isPlain ? await this.#runElsewhere(requested, content) : undefined;
    if (report !== undefined) return report;
    const sentBytes = request.mode === 'netascii' ? await netasciiSizeOf(content) : content.sizeBytes;
    return this.#runHere({ requested, content, sentBytes }, shared);
  }

  /** Ends what runs, each transfer with an ERROR to its client. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const transfer of this.#here) transfer.stop();
    await this.#parts.transfers?.[Symbol.asyncDispose]();
  }

  /** `undefined` when it cannot be done elsewhere. */
  async #runElsewhere(requested: Requested, content: TftpContent): Promise<TransferReport | undefined> {
    const { transfers, limits, address: localAddress, logger } = this.#parts;
    const { descriptor, sizeBytes } = content;
    if (transfers === undefined || descriptor === undefined) return undefined;
    const { bytes: request, client } = requested;
    try {
      return await transfers.run({ request, client, localAddress, limits, descriptor, sizeBytes });
    } catch (error) {
      if (!(error instanceof OperationalError) || error.code !== 'transfers-unavailable') throw error;
      logger.warn({ err: error, client }, 'a file is sent from the main thread');
      return undefined;
    }
  }

  async #runHere(
    what: { readonly requested: Requested; readonly content: TftpContent; readonly sentBytes: number },
    shared: SharedPort | undefined,
  ): Promise<TransferReport> {
    const { requested, content, sentBytes } = what;
    const { sockets, address, limits, clock, logger } = this.#parts;
    const { request, client, bytes } = requested;
    const opened = shared?.open(bytes, client);
    const socket: DatagramSocket = opened?.socket ?? (await sockets.open({ address, port: 0 }));
    const transfer = new TftpTransfer({ request, client, content, sentBytes, socket, limits, clock, logger });
    opened?.onAbandon(() => {
      transfer.abandon();
    });
    this.#here.add(transfer);
    try {
      return await transfer.run();
    } finally {
      this.#here.delete(transfer);
    }
  }
}
