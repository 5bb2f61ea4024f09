import type { FieldProblem } from '../problems/problem.js';

/** Deeper documents are refused before anything recursive looks at them. */
const MAX_DOCUMENT_DEPTH = 32;

/** Keys that mean something to JavaScript itself; class-transformer, for one, trusts `constructor` of a plain object. */
const HOSTILE_KEYS: ReadonlySet<string> = new Set(['constructor', 'prototype', '__proto__']);

/** Turns a key into a segment of an RFC 6901 pointer. */
export function pointerSegment(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

interface Visit {
  readonly value: unknown;
  readonly pointer: string;
  readonly depth: number;
}

/** The first thing about a parsed JSON document's shape that no DTO may see; walks without recursion. */
export function findHostileShape(document: unknown): FieldProblem | undefined {
  const pending: Visit[] = [{ value: document, pointer: '', depth: 0 }];
  for (let visit = pending.pop(); visit !== undefined; visit = pending.pop()) {
    const { value, pointer, depth } = visit;
    if (typeof value !== 'object' || value === null) continue;
    if (depth > MAX_DOCUMENT_DEPTH) {
      return { pointer: '', detail: `the document is nested more than ${String(MAX_DOCUMENT_DEPTH)} deep` };
    }
    for (const key of Object.keys(value)) {
      const at = `${pointer}/${pointerSegment(key)}`;
      if (HOSTILE_KEYS.has(key)) return { pointer: at, detail: `${key} is not allowed as a key` };
      pending.push({ value: (value as Record<string, unknown>)[key], pointer: at, depth: depth + 1 });
    }
  }
  return undefined;
}

/** Whether {@link findHostileShape} finds nothing; cheaper, for it need not say where. */
export function isHarmless(value: unknown, depth = 0): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depth > MAX_DOCUMENT_DEPTH) return false;
  if (Array.isArray(value)) return value.every((item) => isHarmless(item, depth + 1));
  return Object.entries(value).every(([key, item]) => !HOSTILE_KEYS.has(key) && isHarmless(item, depth + 1));
}
