import type { TftpOptions, TftpRequest } from './tftp-packet.js';

/** The block size without negotiation: RFC 1350 section 2. */
export const DEFAULT_BLOCK_SIZE_BYTES = 512;
/** RFC 2348 section 2. */
const BLOCK_SIZE_MIN_BYTES = 8;
const BLOCK_SIZE_MAX_BYTES = 65_464;
/** RFC 2349 section 2. */
const TIMEOUT_MAX_SECONDS = 255;
/** RFC 7440 section 3. */
const WINDOW_MAX_BLOCKS = 65_535;
/** One less than there are block numbers in either way of rolling over, so that an ACK names one block only. */
const WINDOW_GRANTED_MAX_BLOCKS = 65_534;
const WHOLE_NUMBER = /^\d{1,15}$/;

/** What the server is willing to grant. */
export interface NegotiationLimits {
  readonly maxBlockSizeBytes: number;
  /** Bounds the memory of one session: window size times block size never exceeds it, except for one block. */
  readonly maxWindowBytes: number;
}

/** The parameters of one transfer. */
export interface Negotiated {
  readonly blockSizeBytes: number;
  readonly windowBlocks: number;
  /** The client's retransmission interval, if it set one. */
  readonly timeoutMs?: number;
  /** What to acknowledge; empty when the transfer starts with DATA at once. */
  readonly accepted: TftpOptions;
}

/**
 * Decides each option by itself: RFC 2347 to 2349, RFC 7440; `sizeBytes` is as sent. Unknown names and values outside their range are left
 * unanswered, which tells the client they were not accepted.
 */
export function negotiate(request: TftpRequest, sizeBytes: number, limits: NegotiationLimits): Negotiated {
  const blockSizeBytes = blockSizeOf(request.options, limits);
  const windowBlocks = windowOf(request.options, blockSizeBytes ?? DEFAULT_BLOCK_SIZE_BYTES, limits);
  const timeoutSeconds = inRange(request.options.get('timeout'), 1, TIMEOUT_MAX_SECONDS);
  const granted: Readonly<Record<string, number | undefined>> = {
    blksize: blockSizeBytes,
    windowsize: windowBlocks,
    timeout: timeoutSeconds,
    tsize: inRange(request.options.get('tsize'), 0, Infinity) === undefined ? undefined : sizeBytes,
  };
  const accepted = new Map<string, string>();
  for (const name of request.options.keys()) {
    const value = Object.hasOwn(granted, name) ? granted[name] : undefined;
    if (value !== undefined) accepted.set(name, String(value));
  }
  return {
    blockSizeBytes: blockSizeBytes ?? DEFAULT_BLOCK_SIZE_BYTES,
    windowBlocks: windowBlocks ?? 1,
    ...(timeoutSeconds === undefined ? {} : { timeoutMs: timeoutSeconds * 1000 }),
    accepted,
  };
}

function blockSizeOf(options: TftpOptions, limits: NegotiationLimits): number | undefined {
  const wanted = inRange(options.get('blksize'), BLOCK_SIZE_MIN_BYTES, Infinity);
  return wanted === undefined ? undefined : Math.min(wanted, limits.maxBlockSizeBytes, BLOCK_SIZE_MAX_BYTES);
}

function windowOf(options: TftpOptions, blockSizeBytes: number, limits: NegotiationLimits): number | undefined {
  const wanted = inRange(options.get('windowsize'), 1, WINDOW_MAX_BLOCKS);
  if (wanted === undefined) return undefined;
  return Math.min(wanted, WINDOW_GRANTED_MAX_BLOCKS, Math.max(1, Math.floor(limits.maxWindowBytes / blockSizeBytes)));
}

function inRange(text: string | undefined, min: number, max: number): number | undefined {
  if (text === undefined || !WHOLE_NUMBER.test(text)) return undefined;
  const value = Number(text);
  return value >= min && value <= max ? value : undefined;
}
