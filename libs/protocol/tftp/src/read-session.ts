import { BlockCounter, type RolloverTo } from './block-counter.js';
import { ContentWindow, type ContentRange } from './content-window.js';
import { negotiate, type Negotiated, type NegotiationLimits } from './negotiate.js';
import { ErrorCode, errorPacket, type ErrorPacket, type TftpPacket, type TftpRequest } from './tftp-packet.js';

/** Bounds and timing of one transfer. */
export interface ReadSessionLimits extends NegotiationLimits {
  /** Octets per read from the file; memory is at most twice the larger of this and one window. */
  readonly readAheadBytes: number;
  /** First retransmission interval when the client set none; doubles up to `timeoutMaxMs`. */
  readonly timeoutMs: number;
  readonly timeoutMaxMs: number;
  /** Retransmissions without an answer before the transfer is given up. */
  readonly maxRetries: number;
  /** The block number after 65535. No RFC says; clients for large files expect 0, a few 1. */
  readonly rolloverTo: RolloverTo;
}

export const defaultReadSessionLimits: ReadSessionLimits = {
  maxBlockSizeBytes: 65_464,
  maxWindowBytes: 256 * 1024,
  readAheadBytes: 32 * 1024,
  timeoutMs: 1_000,
  timeoutMaxMs: 8_000,
  maxRetries: 5,
  rolloverTo: 0,
};

/** How a transfer ended. */
export type ReadOutcome =
  | { readonly kind: 'completed' }
  /** The client ended it before any data: boot ROMs do so to learn the size (EDK2 with code 8), or refuse an option. */
  | { readonly kind: 'probed'; readonly errorCode: number; readonly message: string }
  | { readonly kind: 'aborted-by-client'; readonly errorCode: number; readonly message: string }
  | { readonly kind: 'timed-out' }
  | { readonly kind: 'failed'; readonly reason: 'unexpected-packet' | 'content-unavailable' };

export interface ReadSessionOptions {
  /** A read request that `refusalOf` let pass. */
  readonly request: TftpRequest;
  /** Octets of the file as it will be supplied. */
  readonly sizeBytes: number;
  /** Monotonic time of arrival. */
  readonly nowMs: number;
  readonly limits?: Partial<ReadSessionLimits>;
}

/** How soon a window whose first block got lost is repeated, once the client has shown it by repeating its ACK. */
const GAP_REPAIR_MS = 100;

/**
 * One read transfer as a state machine: RFC 1350, 2347, 2348, 2349, 7440. The owner calls {@link advance} with
 * monotonic time before {@link receive} and at {@link deadlineMs}, answers {@link want} with {@link supply}, and sends
 * what {@link takeOutgoing} returns after each call. An acknowledgement of the block acknowledged last never causes
 * data to be sent (RFC 1123 section 4.2.3.1).
 */
export class ReadSession {
  readonly negotiated: Negotiated;
  readonly #limits: ReadSessionLimits;
  readonly #content: ContentWindow;
  readonly #counter: BlockCounter;
  #outgoing: TftpPacket[] = [];
  #outcome: ReadOutcome | undefined;
  #isNegotiating: boolean;
  /** Block numbers here count from 1 without rolling over. */
  #acknowledged = 0;
  #next = 1;
  #last: number | undefined;
  #endBytes = Infinity;
  #nowMs: number;
  #deadlineMs: number | undefined;
  #retries = 0;
  #retransmissions = 0;

  constructor(options: ReadSessionOptions) {
    const { request, sizeBytes } = options;
    this.#limits = { ...defaultReadSessionLimits, ...options.limits };
    this.#nowMs = options.nowMs;
    this.negotiated = negotiate(request, sizeBytes, this.#limits);
    const { blockSizeBytes, windowBlocks, accepted } = this.negotiated;
    this.#counter = new BlockCounter(this.#limits.rolloverTo);
    this.#content = new ContentWindow({
      sizeBytes,
      chunkBytes: blockSizeBytes * Math.max(windowBlocks, Math.ceil(this.#limits.readAheadBytes / blockSizeBytes)),
      isNetascii: request.mode === 'netascii',
    });
    this.#isNegotiating = accepted.size > 0;
    this.#send();
  }

  /** How the transfer ended; `undefined` while it runs. */
  get outcome(): ReadOutcome | undefined {
    return this.#outcome;
  }

  /** When {@link advance} must be called next; `undefined` while waiting for content or after the end. */
  get deadlineMs(): number | undefined {
    return this.#outcome === undefined ? this.#deadlineMs : undefined;
  }

  /** Octets of the file held in memory. */
  get bufferedBytes(): number {
    return this.#content.bufferedBytes;
  }

  /** Octets the client has acknowledged, as sent. */
  get acknowledgedBytes(): number {
    return Math.min(this.#acknowledged * this.negotiated.blockSizeBytes, this.#endBytes);
  }

  /** Time-outs so far. */
  get retransmissions(): number {
    return this.#retransmissions;
  }

  /** Handles a packet from the client's own port. */
  receive(packet: TftpPacket): void {
    if (this.#outcome !== undefined) return;
    if (packet.kind === 'ack') this.#acknowledge(packet.block);
    else if (packet.kind === 'error') this.#finish(this.#clientError(packet));
    else {
      this.#outgoing.push(errorPacket(ErrorCode.illegalOperation, 'only ACK is expected here'));
      this.#finish({ kind: 'failed', reason: 'unexpected-packet' });
    }
  }

  /** Lets time pass; repeats what was not answered in time. */
  advance(nowMs: number): void {
    this.#nowMs = nowMs;
    const deadlineMs = this.deadlineMs;
    if (deadlineMs === undefined || nowMs < deadlineMs) return;
    if (this.#retries >= this.#limits.maxRetries) {
      this.#finish({ kind: 'timed-out' });
      return;
    }
    this.#retries += 1;
    this.#retransmissions += 1;
    this.#next = this.#acknowledged + 1;
    this.#send();
  }

  /** The next stretch of the file to read, asked for once. */
  want(): ContentRange | undefined {
    return this.#outcome === undefined && !this.#isNegotiating ? this.#content.want() : undefined;
  }

  /** Hands over the octets of the wanted stretch (fewer are allowed, none means the file shrank); keeps a reference. */
  supply(offset: number, bytes: Uint8Array): void {
    if (this.#outcome !== undefined) return;
    if (this.#content.supply(offset, bytes)) this.#send();
    else this.abort(errorPacket(ErrorCode.notDefined, 'file changed while it was read'));
  }

  /** Ends the transfer because the content cannot be read. */
  abort(error: ErrorPacket): void {
    if (this.#outcome !== undefined) return;
    this.#outgoing.push(error);
    this.#finish({ kind: 'failed', reason: 'content-unavailable' });
  }

  /** The packets to send now, in order. */
  takeOutgoing(): TftpPacket[] {
    const outgoing = this.#outgoing;
    if (outgoing.length > 0) this.#outgoing = [];
    return outgoing;
  }

  #acknowledge(block: number): void {
    if (this.#isNegotiating) {
      if (block !== 0) return;
      this.#isNegotiating = false;
      this.#retries = 0;
      this.#send();
      return;
    }
    const sent = this.#next - 1 - this.#acknowledged;
    const count = this.#counter.distance(this.#acknowledged, block);
    if (count === 0) this.#expectGapRepair();
    if (count === undefined || count === 0 || count > sent) return;
    this.#acknowledged += count;
    this.#retries = 0;
    if (this.#acknowledged === this.#last) {
      this.#finish({ kind: 'completed' });
      return;
    }
    this.#content.release(this.#acknowledged * this.negotiated.blockSizeBytes);
    this.#next = this.#acknowledged + 1;
    this.#send();
  }

  /** Brings the time-out forward instead of sending: if an answer is on its way, nothing is sent twice. */
  #expectGapRepair(): void {
    if (this.negotiated.windowBlocks === 1 || this.#deadlineMs === undefined) return;
    this.#deadlineMs = Math.min(this.#deadlineMs, this.#nowMs + GAP_REPAIR_MS);
  }

  /** Sends the OACK, or every block the window has room for and the content is there for. */
  #send(): void {
    if (this.#isNegotiating) this.#outgoing.push({ kind: 'oack', options: this.negotiated.accepted });
    else this.#sendBlocks();
    const isAwaitingAnswer = this.#isNegotiating || this.#next > this.#acknowledged + 1;
    this.#deadlineMs = isAwaitingAnswer ? this.#nowMs + this.#intervalMs() : undefined;
  }

  #sendBlocks(): void {
    const { blockSizeBytes, windowBlocks } = this.negotiated;
    const end = Math.min(this.#acknowledged + windowBlocks, this.#last ?? Infinity);
    for (; this.#next <= end; this.#next += 1) {
      const data = this.#content.slice((this.#next - 1) * blockSizeBytes, blockSizeBytes);
      if (data === undefined) return;
      this.#outgoing.push({ kind: 'data', block: this.#counter.wire(this.#next), data });
      if (data.length === blockSizeBytes) continue;
      this.#last = this.#next;
      this.#endBytes = (this.#next - 1) * blockSizeBytes + data.length;
      this.#next += 1;
      return;
    }
  }

  /** A client that set its own interval is held to it; otherwise the interval doubles. */
  #intervalMs(): number {
    const { timeoutMs, timeoutMaxMs } = this.#limits;
    return this.negotiated.timeoutMs ?? Math.min(timeoutMaxMs, timeoutMs * 2 ** this.#retries);
  }

  #clientError({ code, message }: ErrorPacket): ReadOutcome {
    return { kind: this.#isNegotiating ? 'probed' : 'aborted-by-client', errorCode: code, message };
  }

  #finish(outcome: ReadOutcome): void {
    this.#outcome = outcome;
    this.#deadlineMs = undefined;
    this.#content.clear();
  }
}
