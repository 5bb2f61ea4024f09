import type { FieldProblem, ProblemCode } from '@rackwright/contracts';

/** What a {@link ProblemError} carries beyond its detail. */
export interface ProblemOptions {
  readonly errors?: readonly FieldProblem[];
  /** Response headers, e.g. `Location` of the resource in the way, or `Retry-After`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Further members of the problem object (RFC 9457 section 3.2). */
  readonly members?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** An expected refusal, answered as `application/problem+json`; `detail` is written for the caller. */
export class ProblemError extends Error {
  readonly code: ProblemCode;
  readonly errors: readonly FieldProblem[] | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly members: Readonly<Record<string, unknown>>;

  constructor(code: ProblemCode, detail: string, options: ProblemOptions = {}) {
    super(detail, { cause: options.cause });
    this.name = 'ProblemError';
    this.code = code;
    this.errors = options.errors;
    this.headers = options.headers ?? {};
    this.members = options.members ?? {};
  }
}
