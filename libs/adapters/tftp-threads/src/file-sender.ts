import type { FileTransfer, TransferReport } from '@rackwright/contracts';
import { ipv4ToNumber } from '@rackwright/kernel';
import {
  defaultReadSessionLimits,
  encodeTftp,
  ErrorCode,
  errorPacket,
  negotiate,
  SendWindow,
  type ErrorPacket,
  type Negotiated,
  type TftpPacket,
  type TftpRequest,
} from '@rackwright/protocol-tftp';
import type { Blocks, DatagramSender, Destination, SendFault } from './datagram-sender.js';
import type { MappedFile } from './mapped-file.js';

export interface FileSenderParts {
  readonly id: number;
  readonly transfer: FileTransfer;
  readonly request: TftpRequest;
  readonly descriptor: number;
  readonly file: MappedFile;
  readonly sender: DatagramSender;
  readonly nowMs: number;
}

/** One transfer: decides with a {@link SendWindow}, sends from a {@link MappedFile}. */
export class FileSender {
  readonly id: number;
  readonly file: MappedFile;
  readonly client: Destination;
  readonly #sender: DatagramSender;
  readonly #window: SendWindow;
  readonly #negotiated: Negotiated;
  readonly #sizeBytes: number;
  readonly #batch: number;
  #canSegment = true;
  #strangers = 0;

  constructor({ id, transfer, request, descriptor, file, sender, nowMs }: FileSenderParts) {
    const { client, sizeBytes } = transfer;
    const limits = { ...defaultReadSessionLimits, ...transfer.limits };
    this.id = id;
    this.file = file;
    this.client = { descriptor, address: ipv4ToNumber(client.address), port: client.port };
    this.#sender = sender;
    this.#sizeBytes = sizeBytes;
    this.#negotiated = negotiate(request, sizeBytes, limits);
    this.#window = new SendWindow({ negotiated: this.#negotiated, sizeBytes, nowMs, limits });
    this.#batch = sender.batchOf(this.#negotiated.blockSizeBytes);
    this.sendDue();
  }

  /** `undefined` while the transfer runs. */
  get report(): TransferReport | undefined {
    const { outcome, acknowledgedBytes, retransmissions } = this.#window;
    return outcome === undefined
      ? undefined
      : { outcome, acknowledgedBytes, retransmissions, strangers: this.#strangers };
  }

  /** The acknowledgement of a block, from the client's own port. */
  acknowledge(block: number, nowMs: number): void {
    this.#window.advance(nowMs);
    this.#window.acknowledge(block);
    this.sendDue();
  }

  /** Another packet from the client's own port. */
  receive(packet: TftpPacket): void {
    if (packet.kind === 'error') this.#window.clientError(packet);
    else this.#fail('unexpected-packet', errorPacket(ErrorCode.illegalOperation, 'only ACK is expected here'));
  }

  /** A packet from elsewhere: RFC 1350 section 4. An ERROR is never answered. */
  refuse(stranger: Destination, packet: TftpPacket): void {
    if (packet.kind === 'error') return;
    this.#strangers += 1;
    this.#sender.sendPacket(stranger, encodeTftp(errorPacket(ErrorCode.unknownTransferId, 'unknown transfer')));
  }

  advance(nowMs: number): void {
    const { deadlineMs } = this.#window;
    if (deadlineMs === undefined || nowMs < deadlineMs) return;
    this.#window.advance(nowMs);
    this.sendDue();
  }

  /** Ends the transfer because the thread stops. */
  stop(): void {
    this.#fail('content-unavailable', errorPacket(ErrorCode.notDefined, 'the server is stopping'));
  }

  sendDue(): void {
    const window = this.#window;
    if (window.isOackDue) {
      this.#sender.sendPacket(this.client, encodeTftp({ kind: 'oack', options: this.#negotiated.accepted }));
      window.oackSent();
    }
    while (window.nextDue <= window.lastDue && window.outcome === undefined) this.#sendBlocks(window.nextDue);
  }

  #sendBlocks(first: number): void {
    const window = this.#window;
    const { blockSizeBytes } = this.#negotiated;
    const count = Math.min(this.#batch, window.lastDue - first + 1);
    const at = (first - 1) * blockSizeBytes;
    this.file.readAhead(at);
    const isLast = at + count * blockSizeBytes > this.#sizeBytes;
    if (isLast && this.file.hasChanged) {
      this.#failForChange();
      return;
    }
    const fault = this.#transmit({
      start: this.file.start + at,
      contentBytes: this.#sizeBytes - at,
      blockSizeBytes,
      count,
      wire: (index) => window.wire(first + index),
    });
    if (fault === 'EFAULT') {
      this.#failForChange();
    } else {
      // What the kernel had no room for counts as lost on the way, which the client will notice.
      window.blocksSent(first + count - 1);
    }
  }

  /** A path whose packets are smaller than the blocks, or a card without checksums, cannot segment: never again then. */
  #transmit(blocks: Blocks): SendFault {
    if (blocks.count > 1 && this.#canSegment) {
      const fault = this.#sender.sendSegmented(this.client, blocks);
      if (fault === undefined || fault === 'EAGAIN' || fault === 'EFAULT') return fault;
      this.#canSegment = false;
    }
    return this.#sender.sendEach(this.client, blocks);
  }

  #failForChange(): void {
    this.#fail('content-unavailable', errorPacket(ErrorCode.notDefined, 'file changed while it was read'));
  }

  #fail(reason: 'unexpected-packet' | 'content-unavailable', error: ErrorPacket): void {
    if (this.#window.outcome !== undefined) return;
    this.#sender.sendPacket(this.client, encodeTftp(error));
    this.#window.finish({ kind: 'failed', reason });
  }
}
