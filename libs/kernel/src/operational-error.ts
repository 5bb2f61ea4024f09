/** What {@link OperationalError} carries beyond its message. */
export interface OperationalErrorDetail {
  /** Stable kebab-case code, e.g. `store-unavailable`. */
  readonly code: string;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
  readonly cause?: unknown;
}

/** A failure of the world around the program (a server away, a disk full), not of the program or its caller. */
export class OperationalError extends Error {
  readonly code: string;
  readonly retryable: boolean;

  constructor(message: string, detail: OperationalErrorDetail) {
    super(message, { cause: detail.cause });
    this.name = 'OperationalError';
    this.code = detail.code;
    this.retryable = detail.retryable;
  }
}

/** Whether `error` is an operational failure that may pass by itself. */
export function isRetryable(error: unknown): boolean {
  return error instanceof OperationalError && error.retryable;
}
