import { ContentWindow, type ContentRange } from './content-window.js';
import { negotiate, type Negotiated, type NegotiationLimits } from './negotiate.js';
import { SendWindow, type ReadOutcome, type SendWindowLimits } from './send-window.js';
import { ErrorCode, errorPacket, type ErrorPacket, type TftpPacket, type TftpRequest } from './tftp-packet.js';

/** Bounds and timing of one transfer. */
export interface ReadSessionLimits extends NegotiationLimits, SendWindowLimits {
  /** Octets per read from the file; memory is at most twice the larger of this and one window. */
  readonly readAheadBytes: number;
}

export const defaultReadSessionLimits: ReadSessionLimits = {
  maxBlockSizeBytes: 65_464,
  maxWindowBytes: 256 * 1024,
  readAheadBytes: 32 * 1024,
  timeoutMs: 1_000,
  timeoutMaxMs: 8_000,
  maxRetries: 5,
  maxRetriesUnverified: 2,
  unverifiedMaxMs: 30_000,
  rolloverTo: 0,
};

export interface ReadSessionOptions {
  /** A read request that `refusalOf` let pass. */
  readonly request: TftpRequest;
  /** Octets of the file as it will be supplied. */
  readonly sizeBytes: number;
  /** Octets as they will be sent, when the mode makes them more: {@link netasciiSize}. */
  readonly sentBytes?: number;
  /** Monotonic time of arrival. */
  readonly nowMs: number;
  readonly limits?: Partial<ReadSessionLimits>;
}

/**
 * One read transfer as a state machine: RFC 1350, 2347, 2348, 2349, 7440. The owner calls {@link advance} with
 * monotonic time before {@link receive} and at {@link deadlineMs}, answers {@link want} with {@link supply}, and sends
 * what {@link takeOutgoing} returns after each call.
 */
export class ReadSession {
  readonly negotiated: Negotiated;
  readonly #window: SendWindow;
  readonly #content: ContentWindow;
  #outgoing: TftpPacket[] = [];

  constructor(options: ReadSessionOptions) {
    const { request, sizeBytes, sentBytes = sizeBytes, nowMs } = options;
    const limits = { ...defaultReadSessionLimits, ...options.limits };
    this.negotiated = negotiate(request, sentBytes, limits);
    const { blockSizeBytes, windowBlocks } = this.negotiated;
    this.#window = new SendWindow({ negotiated: this.negotiated, sizeBytes: sentBytes, nowMs, limits });
    this.#content = new ContentWindow({
      sizeBytes,
      sentBytes,
      chunkBytes: blockSizeBytes * Math.max(windowBlocks, Math.ceil(limits.readAheadBytes / blockSizeBytes)),
      isNetascii: request.mode === 'netascii',
    });
    this.#send();
  }

  /** How the transfer ended; `undefined` while it runs. */
  get outcome(): ReadOutcome | undefined {
    return this.#window.outcome;
  }

  /** When {@link advance} must be called next; `undefined` while waiting for content or after the end. */
  get deadlineMs(): number | undefined {
    return this.#window.deadlineMs;
  }

  /** Octets of the file held in memory. */
  get bufferedBytes(): number {
    return this.#content.bufferedBytes;
  }

  /** Octets the client has acknowledged, as sent. */
  get acknowledgedBytes(): number {
    return this.#window.acknowledgedBytes;
  }

  /** Time-outs so far. */
  get retransmissions(): number {
    return this.#window.retransmissions;
  }

  /** Handles a packet from the client's own port. */
  receive(packet: TftpPacket): void {
    if (this.outcome !== undefined) return;
    if (packet.kind === 'ack') this.#window.acknowledge(packet.block);
    else if (packet.kind === 'error') this.#window.clientError(packet);
    else {
      this.#outgoing.push(errorPacket(ErrorCode.illegalOperation, 'only ACK is expected here'));
      this.#window.finish({ kind: 'failed', reason: 'unexpected-packet' });
    }
    this.#send();
  }

  /** Lets time pass; repeats what was not answered in time. */
  advance(nowMs: number): void {
    this.#window.advance(nowMs);
    this.#send();
  }

  /** The next stretch of the file to read, asked for once. */
  want(): ContentRange | undefined {
    return this.outcome === undefined && !this.#window.isNegotiating ? this.#content.want() : undefined;
  }

  /** Hands over the octets of the wanted stretch (fewer are allowed, none means the file shrank); keeps a reference. */
  supply(offset: number, bytes: Uint8Array): void {
    if (this.outcome !== undefined) return;
    if (this.#content.supply(offset, bytes)) this.#send();
    else this.abort(errorPacket(ErrorCode.notDefined, 'file changed while it was read'));
  }

  /** Ends the transfer because the content cannot be read. */
  abort(error: ErrorPacket): void {
    if (this.outcome !== undefined) return;
    this.#outgoing.push(error);
    this.#window.finish({ kind: 'failed', reason: 'content-unavailable' });
    this.#send();
  }

  /** The packets to send now, in order. */
  takeOutgoing(): TftpPacket[] {
    const outgoing = this.#outgoing;
    if (outgoing.length > 0) this.#outgoing = [];
    return outgoing;
  }

  /** Sends the OACK, or every block the window has room for and the content is there for. */
  #send(): void {
    const window = this.#window;
    if (window.outcome !== undefined) {
      this.#content.clear();
      return;
    }
    this.#content.release(window.neededFrom);
    if (window.isOackDue) {
      this.#outgoing.push({ kind: 'oack', options: this.negotiated.accepted });
      window.oackSent();
    }
    this.#sendBlocks();
  }

  #sendBlocks(): void {
    const window = this.#window;
    const { blockSizeBytes } = this.negotiated;
    let block = window.nextDue;
    for (; block <= window.lastDue; block += 1) {
      const data = this.#content.slice((block - 1) * blockSizeBytes, blockSizeBytes);
      if (data === undefined) break;
      this.#outgoing.push({ kind: 'data', block: window.wire(block), data });
    }
    if (block > window.nextDue) window.blocksSent(block - 1);
  }
}
