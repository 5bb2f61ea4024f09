import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';
import type { ClassConstructor } from 'class-transformer';
import { checkDocument, type FieldProblem } from '@rackwright/contracts';
import { ProblemError } from '../problems/problem-error.js';

/** A document this wrong is not described beyond this many fields, so that the answer stays smaller than the request. */
export const MAX_FIELD_PROBLEMS = 256;
/** A pointer is cut here: names in it are the caller's and may be as long as the body. */
const MAX_POINTER_CHARS = 256;
/** Fields named in `detail`; the rest is in `errors`. */
const FIELDS_IN_DETAIL = 4;

export interface DtoOptions {
  /** A request without a body counts as `{}`. */
  readonly allowEmpty?: boolean;
}

const SOURCE_NAMES: Readonly<Record<string, string>> = {
  body: 'body',
  query: 'query string',
  param: 'path',
};

/** Checks a body, a query string or path parameters against a DTO class: `@Body(new DtoPipe(CreateTask))`. */
export class DtoPipe<T extends object> implements PipeTransform<unknown, T> {
  readonly #schema: ClassConstructor<T>;
  readonly #allowEmpty: boolean;

  constructor(schema: ClassConstructor<T>, options: DtoOptions = {}) {
    this.#schema = schema;
    this.#allowEmpty = options.allowEmpty ?? false;
  }

  transform(value: unknown, metadata: Pick<ArgumentMetadata, 'type'>): T {
    const isEmpty = value === undefined || value === null;
    const given = isEmpty && this.#allowEmpty ? {} : value;
    if (typeof given !== 'object' || given === null || Array.isArray(given)) {
      const found = isEmpty ? 'there is none' : `found ${describe(value)}`;
      throw refuse([{ pointer: '', detail: `must be a JSON object, ${found}` }], metadata.type);
    }
    const checked = checkDocument(this.#schema, given);
    if (!checked.ok) throw refuse(onePerField(checked.fault.errors), metadata.type);
    return checked.value;
  }
}

function describe(value: unknown): string {
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

/** One entry per field: what is missing is only missing; several broken rules are joined. */
function onePerField(problems: readonly FieldProblem[]): readonly FieldProblem[] {
  const byPointer = new Map<string, string[]>();
  for (const { pointer, detail } of problems) {
    const key = pointer.slice(0, MAX_POINTER_CHARS);
    const details = byPointer.get(key) ?? [];
    details.push(detail.slice(0, MAX_POINTER_CHARS));
    byPointer.set(key, details);
    if (byPointer.size > MAX_FIELD_PROBLEMS) break;
  }
  return [...byPointer].slice(0, MAX_FIELD_PROBLEMS).map(([pointer, details]) => {
    const missing = details.find((detail) => detail.endsWith(' is required'));
    return { pointer, detail: missing ?? details.join('; ') };
  });
}

function refuse(errors: readonly FieldProblem[], source: string): ProblemError {
  const named = errors.slice(0, FIELDS_IN_DETAIL).map(({ pointer, detail }) => nameField(pointer, detail));
  const rest = errors.length > FIELDS_IN_DETAIL ? `; and ${errors.length - FIELDS_IN_DETAIL} more` : '';
  const place = SOURCE_NAMES[source] ?? source;
  return new ProblemError('invalid-request', `Invalid ${place}: ${named.join('; ')}${rest}`, { errors });
}

/** Rules name the field they are about; a rule about a nested one is given its whole path. */
function nameField(pointer: string, detail: string): string {
  const path = pointer.slice(1);
  const field = path.slice(path.lastIndexOf('/') + 1);
  if (path.includes('/') && detail.startsWith(`${field} `))
    return `${path.replaceAll('/', '.')}${detail.slice(field.length)}`;
  return detail.includes(field) ? detail : `${path} ${detail}`;
}
