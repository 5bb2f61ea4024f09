import { OperationalError } from '@rackwright/kernel';
import {
  ClientClosedError,
  EtcdAuthenticationFailedError,
  EtcdLeaseInvalidError,
  EtcdPermissionDeniedError,
  GRPCInvalidArgumentError,
  GRPCNotImplementedError,
  GRPCOutOfRangeError,
} from 'etcd3';

/** Failures the same call would meet again: what was asked is at fault, not the way to the store. */
const REFUSALS = [
  EtcdAuthenticationFailedError,
  EtcdPermissionDeniedError,
  GRPCInvalidArgumentError,
  GRPCNotImplementedError,
];

/** What a caller is told when `operation` failed in etcd or on the way there. */
export function toStoreFailure(operation: string, cause: unknown): OperationalError {
  if (cause instanceof OperationalError) return cause;
  if (cause instanceof ClientClosedError) return storeClosed();
  if (cause instanceof EtcdLeaseInvalidError) {
    return new OperationalError('the lease has expired', { code: 'lease-not-found', retryable: false, cause });
  }
  if (REFUSALS.some((refusal) => cause instanceof refusal)) {
    return new OperationalError(`etcd refused ${operation}`, { code: 'store-refused', retryable: false, cause });
  }
  return storeUnavailable(`etcd did not complete ${operation}`, cause);
}

/** The failure of a store that does not answer. */
function storeUnavailable(message: string, cause?: unknown): OperationalError {
  return new OperationalError(message, { code: 'store-unavailable', retryable: true, cause });
}

/** The failure of a call on a disposed store. */
export function storeClosed(): OperationalError {
  return new OperationalError('the store has been disposed', { code: 'store-closed', retryable: false });
}

/** Whether `failure` says that the revision asked for has been compacted away. */
export function isCompacted(failure: unknown): boolean {
  return failure instanceof OperationalError && failure.cause instanceof GRPCOutOfRangeError;
}
