import type { FieldProblem } from '@rackwright/contracts';

/** Deeper documents are refused: recursive code behind this check must not run out of stack. */
export const MAX_DEPTH = 32;

/** Names that reach into prototypes when a document is copied field by field. */
const REFUSED_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

interface Visit {
  readonly value: object;
  readonly pointer: string;
  readonly depth: number;
}

/** One RFC 6901 segment. */
export function escapePointer(segment: string): string {
  return segment.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** The first thing in a parsed document that no schema may be asked about; iterative, so depth cannot hurt it. */
export function findHostileShape(document: object): FieldProblem | undefined {
  const pending: Visit[] = [{ value: document, pointer: '', depth: 1 }];
  for (let visit = pending.pop(); visit !== undefined; visit = pending.pop()) {
    const problem = inspect(visit, pending);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function inspect({ value, pointer, depth }: Visit, pending: Visit[]): FieldProblem | undefined {
  if (depth > MAX_DEPTH) return { pointer, detail: `is nested deeper than ${MAX_DEPTH} levels` };
  const isList = Array.isArray(value);
  for (const name of Object.keys(value)) {
    const child: unknown = (value as Readonly<Record<string, unknown>>)[name];
    if (!isList && REFUSED_NAMES.has(name)) return { pointer: `${pointer}/${name}`, detail: `${name} is not allowed` };
    if (typeof child === 'object' && child !== null) {
      pending.push({ value: child, pointer: `${pointer}/${escapePointer(name)}`, depth: depth + 1 });
    }
  }
  return undefined;
}
