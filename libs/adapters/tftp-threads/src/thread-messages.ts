import type { FileTransfer, TransferReport } from '@rackwright/contracts';

/** What a thread is started with. */
export interface ThreadData {
  /** An eventfd(2) that is written to when there is a message. */
  readonly wakeDescriptor: number;
  /** Its first number is 1 while there may be a message, for a thread that does not look at the eventfd. */
  readonly flag: Int32Array<SharedArrayBuffer>;
}

export type ToThread =
  { readonly kind: 'run'; readonly id: number; readonly transfer: FileTransfer } | { readonly kind: 'stop' };

/** `unable`: nothing was sent, and something else may be able to. */
export type FromThread =
  | { readonly kind: 'ready' }
  | { readonly kind: 'report'; readonly id: number; readonly report: TransferReport }
  | { readonly kind: 'unable'; readonly id: number; readonly why: string };
