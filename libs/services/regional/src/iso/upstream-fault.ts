import { OperationalError } from '@rackwright/kernel';

/** Why an image cannot be had from its upstream. */
export type UpstreamFaultCode =
  | 'upstream-unreachable'
  | 'upstream-stalled'
  | 'upstream-cut-short'
  | 'upstream-changed'
  | 'upstream-refused'
  | 'upstream-redirect-refused'
  | 'upstream-length-unknown'
  | 'upstream-too-large'
  | 'upstream-digest-mismatch'
  | 'cache-full'
  | 'cache-failed';

/** A failure to get an image; `retryable` when the same request may succeed later. */
export class UpstreamError extends OperationalError {
  constructor(
    code: UpstreamFaultCode,
    message: string,
    options: { readonly isPassing?: boolean; readonly cause?: unknown } = {},
  ) {
    super(message, { code, retryable: options.isPassing ?? false, cause: options.cause });
  }
}
