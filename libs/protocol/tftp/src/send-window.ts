import { BlockCounter, type RolloverTo } from './block-counter.js';
import type { Negotiated } from './negotiate.js';
import type { ErrorPacket } from './tftp-packet.js';

/** Timing of one transfer. */
export interface SendWindowLimits {
  /** First retransmission interval when the client set none; doubles up to `timeoutMaxMs`. */
  readonly timeoutMs: number;
  readonly timeoutMaxMs: number;
  /** Retransmissions without an answer before the transfer is given up. */
  readonly maxRetries: number;
  /** The same before the client's first answer: until then its address may be forged, and the owner of it gets them. */
  readonly maxRetriesUnverified: number;
  /** The longest wait for that first answer, however long an interval the client asked for. */
  readonly unverifiedMaxMs: number;
  /** The block number after 65535. No RFC says; clients for large files expect 0, a few 1. */
  readonly rolloverTo: RolloverTo;
}

/** How a transfer ended. */
export type ReadOutcome =
  | { readonly kind: 'completed' }
  /** The client ended it before any data: boot ROMs do so to learn the size (EDK2 with code 8), or refuse an option. */
  | { readonly kind: 'probed'; readonly errorCode: number; readonly message: string }
  | { readonly kind: 'aborted-by-client'; readonly errorCode: number; readonly message: string }
  | { readonly kind: 'timed-out' }
  | { readonly kind: 'failed'; readonly reason: 'unexpected-packet' | 'content-unavailable' };

export interface SendWindowOptions {
  readonly negotiated: Negotiated;
  /** Octets as sent. */
  readonly sizeBytes: number;
  readonly nowMs: number;
  readonly limits: SendWindowLimits;
}

/** How soon a window whose first block got lost is repeated, once the client has shown it by repeating its ACK. */
const GAP_REPAIR_MS = 100;

/**
 * Which blocks of a file are to be sent now: the OACK, the window, acknowledgements, time-outs and back-off of RFC 1350,
 * 2347, 2349 and 7440, without the content. Block numbers here count from 1 without rolling over. The owner sends what is
 * due ({@link isOackDue}, {@link nextDue} to {@link lastDue}) after each call and then says so.
 */
export class SendWindow {
  readonly #negotiated: Negotiated;
  readonly #sizeBytes: number;
  readonly #limits: SendWindowLimits;
  readonly #counter: BlockCounter;
  /** The block that is shorter than the others, perhaps empty: RFC 1350 section 6. */
  readonly #last: number;
  #outcome: ReadOutcome | undefined;
  #isNegotiating: boolean;
  #isOackDue: boolean;
  #isVerified = false;
  #acknowledged = 0;
  #next = 1;
  readonly #begunAtMs: number;
  #nowMs: number;
  #deadlineMs: number | undefined;
  #retries = 0;
  #retransmissions = 0;

  constructor({ negotiated, sizeBytes, nowMs, limits }: SendWindowOptions) {
    this.#negotiated = negotiated;
    this.#sizeBytes = sizeBytes;
    this.#limits = limits;
    this.#begunAtMs = nowMs;
    this.#nowMs = nowMs;
    this.#counter = new BlockCounter(limits.rolloverTo);
    this.#last = Math.floor(sizeBytes / negotiated.blockSizeBytes) + 1;
    this.#isNegotiating = negotiated.accepted.size > 0;
    this.#isOackDue = this.#isNegotiating;
  }

  /** How the transfer ended; `undefined` while it runs. */
  get outcome(): ReadOutcome | undefined {
    return this.#outcome;
  }

  get isNegotiating(): boolean {
    return this.#isNegotiating;
  }

  /** The OACK must be sent; followed by {@link oackSent}. */
  get isOackDue(): boolean {
    return this.#isOackDue;
  }

  /** The first block to send; nothing is due when it lies behind {@link lastDue}. */
  get nextDue(): number {
    return this.#next;
  }

  get lastDue(): number {
    if (this.#isNegotiating || this.#outcome !== undefined) return 0;
    return Math.min(this.#acknowledged + this.#negotiated.windowBlocks, this.#last);
  }

  /** When {@link advance} must be called next; `undefined` while nothing was sent that could be answered. */
  get deadlineMs(): number | undefined {
    return this.#outcome === undefined ? this.#deadlineMs : undefined;
  }

  /** The first octet the client may still need. */
  get neededFrom(): number {
    return this.#acknowledged * this.#negotiated.blockSizeBytes;
  }

  /** Octets the client has acknowledged. */
  get acknowledgedBytes(): number {
    return Math.min(this.neededFrom, this.#sizeBytes);
  }

  /** Time-outs so far. */
  get retransmissions(): number {
    return this.#retransmissions;
  }

  /** The number of a block on the wire. */
  wire(block: number): number {
    return this.#counter.wire(block);
  }

  oackSent(): void {
    this.#isOackDue = false;
    this.#awaitAnswer();
  }

  /** Blocks were sent, up to and with `last`. */
  blocksSent(last: number): void {
    this.#next = last + 1;
    this.#awaitAnswer();
  }

  /**
   * Takes an ACK. One for the block acknowledged last never makes anything due (RFC 1123 section 4.2.3.1), nor does one
   * for a block not sent yet.
   */
  acknowledge(block: number): void {
    if (this.#outcome !== undefined) return;
    if (this.#isNegotiating) {
      if (block === 0) this.#agreed();
      return;
    }
    const sent = this.#next - 1 - this.#acknowledged;
    const count = this.#counter.distance(this.#acknowledged, block);
    if (count === 0) this.#expectGapRepair();
    if (count === undefined || count === 0 || count > sent) return;
    this.#acknowledged += count;
    this.#answered();
    if (this.#acknowledged === this.#last) this.finish({ kind: 'completed' });
    else this.#next = this.#acknowledged + 1;
  }

  /** The client ended the transfer. */
  clientError({ code, message }: ErrorPacket): void {
    this.finish({ kind: this.#isNegotiating ? 'probed' : 'aborted-by-client', errorCode: code, message });
  }

  /** Lets time pass; makes due again what was not answered in time. */
  advance(nowMs: number): void {
    this.#nowMs = nowMs;
    const deadlineMs = this.deadlineMs;
    if (deadlineMs === undefined || nowMs < deadlineMs) return;
    if (this.#isGivenUp()) {
      this.finish({ kind: 'timed-out' });
      return;
    }
    this.#retries += 1;
    this.#retransmissions += 1;
    this.#deadlineMs = undefined;
    this.#isOackDue = this.#isNegotiating;
    this.#next = this.#acknowledged + 1;
  }

  finish(outcome: ReadOutcome): void {
    this.#outcome ??= outcome;
    this.#isOackDue = false;
    this.#deadlineMs = undefined;
  }

  #agreed(): void {
    this.#isNegotiating = false;
    this.#isOackDue = false;
    this.#answered();
  }

  #answered(): void {
    this.#isVerified = true;
    this.#retries = 0;
    this.#deadlineMs = undefined;
  }

  #awaitAnswer(): void {
    const deadlineMs = this.#nowMs + this.#intervalMs();
    this.#deadlineMs = this.#isVerified ? deadlineMs : Math.min(deadlineMs, this.#unverifiedUntilMs);
  }

  get #unverifiedUntilMs(): number {
    return this.#begunAtMs + this.#limits.unverifiedMaxMs;
  }

  #isGivenUp(): boolean {
    if (this.#isVerified) return this.#retries >= this.#limits.maxRetries;
    return this.#retries >= this.#limits.maxRetriesUnverified || this.#nowMs >= this.#unverifiedUntilMs;
  }

  /** Brings the time-out forward instead of sending: if an answer is on its way, nothing is sent twice. */
  #expectGapRepair(): void {
    if (this.#negotiated.windowBlocks === 1 || this.#deadlineMs === undefined) return;
    this.#deadlineMs = Math.min(this.#deadlineMs, this.#nowMs + GAP_REPAIR_MS);
  }

  /** A client that set its own interval is held to it; otherwise the interval doubles. */
  #intervalMs(): number {
    const { timeoutMs, timeoutMaxMs } = this.#limits;
    return this.#negotiated.timeoutMs ?? Math.min(timeoutMaxMs, timeoutMs * 2 ** this.#retries);
  }
}
