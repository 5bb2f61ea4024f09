import type { FieldProblem, Problem } from '../problems/problem.js';

/** What the bus itself answers a request with, before or instead of its handler. */
const busProblems = {
  'invalid-payload': { status: 400, title: 'Invalid payload' },
  internal: { status: 500, title: 'Internal error' },
  overloaded: { status: 503, title: 'Too many requests in hand' },
} as const satisfies Record<string, { readonly status: number; readonly title: string }>;

/** Codes of the problems the bus itself answers with. */
export type BusProblemCode = keyof typeof busProblems;

/** A problem the bus itself answers a request with. */
export function busProblem(code: BusProblemCode, detail: string, errors?: readonly FieldProblem[]): Problem {
  return {
    type: `urn:rackwright:problem:${code}`,
    ...busProblems[code],
    detail,
    code,
    ...(errors === undefined ? {} : { errors }),
    error: detail,
  };
}

/** Reads a problem object off the bus; `undefined` when it is not one. */
export function parseProblem(octets: Uint8Array): Problem | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(octets));
    return isProblem(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isProblem(value: unknown): value is Problem {
  if (typeof value !== 'object' || value === null) return false;
  const { status, code, detail, title } = value as Partial<Record<keyof Problem, unknown>>;
  return (
    typeof status === 'number' && typeof code === 'string' && typeof detail === 'string' && typeof title === 'string'
  );
}
