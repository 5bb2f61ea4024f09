import type { FileTransfer, TransferReport } from '@rackwright/contracts';

/** What a thread is started with. */
export interface ThreadData {
  /** An eventfd(2) that is written to when there is a message. */
  readonly wakeDescriptor: number;
}

export type ToThread =
  { readonly kind: 'run'; readonly id: number; readonly transfer: FileTransfer } | { readonly kind: 'stop' };

/** `unable`: nothing was sent, and something else may be able to. */
export type FromThread =
  | { readonly kind: 'ready' }
  | { readonly kind: 'report'; readonly id: number; readonly report: TransferReport }
  | { readonly kind: 'unable'; readonly id: number; readonly why: string };
