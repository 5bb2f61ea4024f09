import { problemCatalog, problemType, type ProblemCode } from '../problems/problem-catalog.js';
import type { FieldProblem, Problem } from '../problems/problem.js';

/** A problem of the catalogue as a reply over NATS carries it. */
export function busProblem(code: ProblemCode, detail: string, errors?: readonly FieldProblem[]): Problem {
  return {
    type: problemType(code),
    ...problemCatalog[code],
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
