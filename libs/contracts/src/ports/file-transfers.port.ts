import type { Ipv4 } from '@rackwright/kernel';
import type { Endpoint } from './datagram-socket.port.js';

/** What the server sets for every transfer. */
export interface TransferLimits {
  readonly maxBlockSizeBytes: number;
  /** The block number after 65535. */
  readonly rolloverTo: 0 | 1;
}

/** A file to be sent by TFTP. */
export interface FileTransfer {
  /** The read request as it came in; its mode is octet. */
  readonly request: Uint8Array;
  readonly client: Endpoint;
  /** Address to send from. */
  readonly localAddress: Ipv4;
  readonly limits: TransferLimits;
  /** The open file; its owner closes it after the report. */
  readonly descriptor: number;
  readonly sizeBytes: number;
}

/** How a transfer ended. */
export type TransferOutcome =
  | { readonly kind: 'completed' }
  /** The client ended it before any data, as boot ROMs do to learn the size. */
  | { readonly kind: 'probed'; readonly errorCode: number; readonly message: string }
  | { readonly kind: 'aborted-by-client'; readonly errorCode: number; readonly message: string }
  | { readonly kind: 'timed-out' }
  | { readonly kind: 'failed'; readonly reason: 'unexpected-packet' | 'content-unavailable' };

export interface TransferReport {
  readonly outcome: TransferOutcome;
  /** Octets the client has acknowledged, as sent. */
  readonly acknowledgedBytes: number;
  readonly retransmissions: number;
  /** Packets from other ports than the client's, which were refused. */
  readonly strangers: number;
}

/** Sends files by TFTP outside of the thread that asks for it. */
export interface FileTransfers extends AsyncDisposable {
  /** Gets ready, so that the first transfer does not wait for it. Rejects like {@link run}. */
  prepare(): Promise<void>;
  /**
   * Runs one transfer to its end, on a port of its own. Rejects with `OperationalError` `transfers-unavailable` when
   * none can be run; disposing ends those that run, with an ERROR to their clients, and what runs them.
   */
  run(transfer: FileTransfer): Promise<TransferReport>;
}
