import { OperationalError } from '@rackwright/kernel';

/** A file operation failed. Retryable: space comes back, and nothing half-written stays behind. */
export function diskFailed(operation: string, cause: unknown): OperationalError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new OperationalError(`${operation}: ${reason}`, { code: 'disk-failed', retryable: true, cause });
}

/** Whether a file operation failed because there is no such file. */
export function isAbsent(error: unknown): boolean {
  return hasErrno(error, 'ENOENT');
}

/** Whether `error` carries this errno name. */
export function hasErrno(error: unknown, errno: string): boolean {
  return error instanceof Error && 'code' in error && error.code === errno;
}
