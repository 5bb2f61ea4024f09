import { assembleField, type FieldOptions, type FieldRule } from './field.js';
import type { FieldSpec } from './field-registry.js';

/** Text without control characters: none of our texts may carry a line break, a tab or an escape. */
const PRINTABLE = /^[^\p{Cc}\p{Zl}\p{Zp}]*$/u;
const DEFAULT_MAX_LENGTH = 256;

export interface TextOptions extends FieldOptions {
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: RegExp;
  /** Completes "{field} must be …" when the pattern does not match. */
  readonly shape?: string;
  /** Line breaks and tabs are allowed (templates, keys). */
  readonly multiline?: boolean;
}

function textRule(options: TextOptions): FieldRule {
  const { minLength = 1, maxLength = DEFAULT_MAX_LENGTH, pattern, multiline = false } = options;
  const shape = options.shape === undefined ? '' : `, ${options.shape}`;
  return {
    name: 'text',
    check: (value) =>
      typeof value === 'string' &&
      value.length >= minLength &&
      value.length <= maxLength &&
      (multiline ? !value.includes('\0') : PRINTABLE.test(value)) &&
      (pattern?.test(value) ?? true),
    message: `must be text of ${String(minLength)} to ${String(maxLength)} characters${multiline ? '' : ' without control characters'}${shape}`,
  };
}

/** Text with bounds; printable unless `multiline`. */
export function TextField(options: TextOptions): PropertyDecorator {
  const { minLength = 1, maxLength = DEFAULT_MAX_LENGTH, pattern } = options;
  return assembleField({
    options,
    spec: { kind: 'text', maxLength },
    api: { type: String, minLength, maxLength, ...(pattern === undefined ? {} : { pattern: pattern.source }) },
    rule: textRule(options),
  });
}

export interface NumberOptions extends FieldOptions {
  readonly min: number;
  readonly max: number;
  /** The field comes from a query string, or from a file in which it may be text. */
  readonly fromQuery?: boolean;
}

const QUERY_NUMBER = /^-?\d{1,16}(?:\.\d{1,16})?$/;

/** Only plain decimal text becomes a number: `Number()` alone takes an empty or blank text for 0. */
function numberFromText(value: unknown): unknown {
  return typeof value === 'string' && QUERY_NUMBER.test(value) ? Number(value) : value;
}

function booleanFromText(value: unknown): unknown {
  return value === 'true' ? true : value === 'false' ? false : value;
}

function numeric(kind: 'integer' | 'number', options: NumberOptions): PropertyDecorator {
  const { min, max } = options;
  const rule: FieldRule = {
    name: kind,
    check: (value) =>
      typeof value === 'number' &&
      (kind === 'integer' ? Number.isInteger(value) : Number.isFinite(value)) &&
      value >= min &&
      value <= max,
    message: `must be ${kind === 'integer' ? 'an integer' : 'a number'} from ${String(min)} to ${String(max)}`,
  };
  return assembleField({
    options,
    spec: { kind, min, max },
    api: { type: kind === 'integer' ? 'integer' : Number, minimum: min, maximum: max } as never,
    rule,
    ...(options.fromQuery === true ? { normalise: numberFromText } : {}),
  });
}

/** A whole number within bounds. */
export function IntegerField(options: NumberOptions): PropertyDecorator {
  return numeric('integer', options);
}

/** A finite number within bounds. */
export function NumberField(options: NumberOptions): PropertyDecorator {
  return numeric('number', options);
}

/** `true` or `false`; from a query string also as text. */
export function BooleanField(options: FieldOptions & { readonly fromQuery?: boolean }): PropertyDecorator {
  const rule: FieldRule = {
    name: 'boolean',
    check: (value) => typeof value === 'boolean',
    message: 'must be true or false',
  };
  return assembleField({
    options,
    spec: { kind: 'boolean' },
    api: { type: Boolean },
    rule,
    ...(options.fromQuery === true ? { normalise: booleanFromText } : {}),
  });
}

/** One of a fixed set of words. */
export function EnumField(options: FieldOptions & { readonly values: readonly string[] }): PropertyDecorator {
  const { values } = options;
  const rule: FieldRule = {
    name: 'enum',
    check: (value) => typeof value === 'string' && values.includes(value),
    message: `must be one of ${values.join(', ')}`,
  };
  return assembleField({
    options,
    spec: { kind: 'enum', values },
    api: { enum: [...values] },
    rule,
  });
}

/** A value with a parser of its own; the parsed form replaces what was sent. */
export function ParsedField(
  options: FieldOptions & {
    readonly kind: FieldSpec['kind'];
    readonly parse: (text: string) => string | undefined;
    readonly shape: string;
  },
): PropertyDecorator {
  const { kind, parse, shape } = options;
  const rule: FieldRule = {
    name: kind,
    check: (value) => typeof value === 'string' && parse(value) !== undefined,
    message: `must be ${shape}`,
  };
  const normalise = (value: unknown): unknown => (typeof value === 'string' ? (parse(value) ?? value) : value);
  return assembleField({
    options,
    spec: { kind },
    api: { type: String },
    rule,
    normalise,
    parse,
  });
}
