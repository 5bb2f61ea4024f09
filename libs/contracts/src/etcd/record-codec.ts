import { plainToInstance, type ClassConstructor } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import { fail, ok, type Result } from '@rackwright/kernel';
import type { FieldProblem } from '../problems/problem.js';
import { acceptDocument } from './accept-document.js';
import { findHostileShape, pointerSegment } from './document-shape.js';

/** A stored or received document that breaks its schema. */
export interface InvalidDocument {
  readonly code: 'invalid-json' | 'invalid-document';
  readonly errors: readonly FieldProblem[];
}

/** Flattens class-validator's tree into RFC 6901 pointers, one entry per broken rule. */
export function fieldProblems(errors: readonly ValidationError[], parent = ''): FieldProblem[] {
  return errors.flatMap((error) => {
    const pointer = `${parent}/${pointerSegment(error.property)}`;
    const own = Object.entries(error.constraints ?? {}).map(([rule, message]) => ({
      pointer,
      detail: rule === 'whitelistValidation' ? `${error.property} is not a known field` : message,
    }));
    return [...own, ...fieldProblems(error.children ?? [], pointer)];
  });
}

/** Checks a parsed JSON document against a DTO class; unknown fields are refused unless `lenient`. */
export function checkDocument<T extends object>(
  schema: ClassConstructor<T>,
  document: unknown,
  options: { readonly lenient?: boolean } = {},
): Result<T, InvalidDocument> {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    return fail({ code: 'invalid-document', errors: [{ pointer: '', detail: 'must be a JSON object' }] });
  }
  const accepted = acceptDocument(schema, document, { isLenient: options.lenient === true });
  if (accepted !== undefined) return ok(accepted);
  return judgeDocument(schema, document, options);
}

/** The judgement of class-validator. */
export function judgeDocument<T extends object>(
  schema: ClassConstructor<T>,
  document: object,
  options: { readonly lenient?: boolean },
): Result<T, InvalidDocument> {
  const hostile = findHostileShape(document);
  if (hostile !== undefined) return fail({ code: 'invalid-document', errors: [hostile] });
  const value = plainToInstance(schema, document);
  const strict = options.lenient === true ? {} : { forbidNonWhitelisted: true };
  const errors = validateSync(value, { whitelist: true, forbidUnknownValues: true, ...strict });
  return errors.length === 0 ? ok(value) : fail({ code: 'invalid-document', errors: fieldProblems(errors) });
}

/**
 * Reads a stored value. Unknown fields are dropped, not refused: a newer version may have written them.
 */
export function decodeRecord<T extends object>(schema: ClassConstructor<T>, json: string): Result<T, InvalidDocument> {
  let document: unknown;
  try {
    document = JSON.parse(json);
  } catch (error) {
    return fail({ code: 'invalid-json', errors: [{ pointer: '', detail: (error as Error).message }] });
  }
  return checkDocument(schema, document, { lenient: true });
}

/** Writes a stored value. */
export function encodeRecord(value: object): string {
  return JSON.stringify(value);
}
