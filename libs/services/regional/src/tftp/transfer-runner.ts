import type { DatagramSocket, DatagramSockets, Endpoint, FileTransfers, TransferReport } from '@rackwright/contracts';
import type { Clock, Ipv4, Logger } from '@rackwright/kernel';
import type { ReadSessionLimits, TftpRequest } from '@rackwright/protocol-tftp';
import type { SharedPort } from './shared-port.js';
import { netasciiSizeOf, type TftpContent } from './tftp-contents.js';
import { TftpTransfer } from './tftp-transfer.js';

export interface TransferRunnerParts {
  readonly sockets: DatagramSockets;
  readonly address: Ipv4;
  /** Other threads; what they cannot do is done here. */
  readonly transfers?: FileTransfers;
  readonly limits: Partial<ReadSessionLimits>;
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

  async run(requested: Requested, content: TftpContent, shared: SharedPort | undefined): Promise<TransferReport> {
    const { transfers } = this.#parts;
    const { descriptor, sizeBytes } = content;
    const { request, bytes, client } = requested;
    const isPlain = shared === undefined && request.mode === 'octet';
    if (isPlain && transfers !== undefined && descriptor !== undefined) {
      return transfers.run({ request: bytes, client, descriptor, sizeBytes });
    }
    const sentBytes = request.mode === 'netascii' ? await netasciiSizeOf(content) : sizeBytes;
    return this.#runHere({ requested, content, sentBytes }, shared);
  }

  /** Ends what runs, each transfer with an ERROR to its client. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const transfer of this.#here) transfer.stop();
    await this.#parts.transfers?.[Symbol.asyncDispose]();
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
