/** One invalid field: where it is (RFC 6901 pointer) and what is wrong with it. */
export interface FieldProblem {
  readonly pointer: string;
  readonly detail: string;
}

/** An error answer, `application/problem+json` (RFC 9457). */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance?: string;
  /** Stable kebab-case code of the catalogue. */
  readonly code: string;
  readonly traceId?: string;
  readonly errors?: readonly FieldProblem[];
  /** Equal to `detail`, for clients of the earlier systems. */
  readonly error: string;
}
