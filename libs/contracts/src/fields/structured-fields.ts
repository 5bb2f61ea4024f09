import type { ClassConstructor } from 'class-transformer';
import { assembleField, type FieldOptions, type FieldRule } from './field.js';

type Item = (value: unknown) => boolean;

/** Free-form values stay as they were sent. */
const asSent = (value: unknown): unknown => value;

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A list of texts, each accepted by `item`; `parse` replaces each by its canonical form. */
export function TextListField(
  options: FieldOptions & {
    readonly maxItems: number;
    readonly maxLength: number;
    readonly pattern?: RegExp;
    readonly parse?: (text: string) => string | undefined;
    /** Completes "each item …". */
    readonly shape: string;
  },
): PropertyDecorator {
  const { maxItems, maxLength, pattern, parse } = options;
  const printable = /^[^\p{Cc}\p{Zl}\p{Zp}]+$/u;
  const accepts: Item = (value) =>
    typeof value === 'string' &&
    value.length <= maxLength &&
    printable.test(value) &&
    (pattern?.test(value) ?? true) &&
    (parse === undefined || parse(value) !== undefined);
  const rule: FieldRule = {
    name: 'list',
    check: (value) => Array.isArray(value) && value.length <= maxItems && value.every(accepts),
    message: `must be a list of at most ${String(maxItems)} items, each ${options.shape}`,
  };
  const normalise = (value: unknown): unknown =>
    Array.isArray(value)
      ? (value as unknown[]).map((item) => (typeof item === 'string' ? (parse?.(item) ?? item) : item))
      : value;
  return assembleField({
    options,
    spec: { kind: 'list', max: maxItems, maxLength },
    api: { type: [String], maxItems },
    rule,
    normalise,
  });
}

/** A nested object of a DTO class. */
export function ObjectField<T extends object>(
  options: FieldOptions & { readonly of: ClassConstructor<T> },
): PropertyDecorator {
  const rule: FieldRule = { name: 'object', check: isPlainObject, message: 'must be an object' };
  return assembleField({
    options,
    spec: { kind: 'object' },
    api: { type: options.of },
    rule,
    nested: { schema: options.of, isList: false },
  });
}

/** A list of objects of a DTO class. */
export function ObjectListField<T extends object>(
  options: FieldOptions & { readonly of: ClassConstructor<T>; readonly maxItems: number; readonly minItems?: number },
): PropertyDecorator {
  const { maxItems, minItems = 0 } = options;
  const rule: FieldRule = {
    name: 'list',
    check: (value) =>
      Array.isArray(value) && value.length >= minItems && value.length <= maxItems && value.every(isPlainObject),
    message: `must be a list of ${String(minItems)} to ${String(maxItems)} objects`,
  };
  return assembleField({
    options,
    spec: { kind: 'list', min: minItems, max: maxItems },
    api: { type: [options.of], minItems, maxItems },
    rule,
    nested: { schema: options.of, isList: true },
  });
}

const MAP_KEY = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/;
const PRINTABLE_MAP_VALUE = /^[^\p{Cc}\p{Zl}\p{Zp}]{0,255}$/u;

/** A map of short texts (tags, labels). */
export function TextMapField(options: FieldOptions & { readonly maxItems: number }): PropertyDecorator {
  const rule: FieldRule = {
    name: 'map',
    check: (value) =>
      isPlainObject(value) &&
      Object.keys(value).length <= options.maxItems &&
      Object.entries(value).every(
        ([key, item]) => MAP_KEY.test(key) && typeof item === 'string' && PRINTABLE_MAP_VALUE.test(item),
      ),
    message: `must be an object of at most ${String(options.maxItems)} texts; keys of A-Z, a-z, 0-9 and "._/-", values up to 255 characters`,
  };
  return assembleField({
    options,
    spec: { kind: 'map', max: options.maxItems },
    api: { type: 'object', additionalProperties: { type: 'string' } },
    rule,
    normalise: asSent,
  });
}

const MAX_JSON_DEPTH = 8;

/** Octets of the worst a character can become: `\\u001f`. */
const MAX_CHAR_BYTES = 6;
const MAX_NUMBER_BYTES = 32;

/** Octets that a value takes as JSON at most; infinite when it is not JSON or nested too deep. */
function jsonBytesAtMost(value: unknown, depth = 0): number {
  if (depth > MAX_JSON_DEPTH) return Infinity;
  if (typeof value === 'string') return value.length * MAX_CHAR_BYTES + 2;
  if (typeof value === 'number') return MAX_NUMBER_BYTES;
  if (typeof value === 'boolean' || value === null) return 5;
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + jsonBytesAtMost(item, depth + 1) + 1, 2);
  if (!isPlainObject(value)) return Infinity;
  let sum = 2;
  for (const [key, item] of Object.entries(value)) {
    sum += key.length * MAX_CHAR_BYTES + 4 + jsonBytesAtMost(item, depth + 1);
  }
  return sum;
}

/** Writing the JSON down to measure it is left for what comes near the limit. */
function fitsJson(value: unknown, maxBytes: number): boolean {
  const atMost = jsonBytesAtMost(value);
  return atMost <= maxBytes || (atMost < Infinity && Buffer.byteLength(JSON.stringify(value)) <= maxBytes);
}

/** A free-form JSON object, or text for the earlier clients; bounded in size and depth. */
export function JsonField(
  options: FieldOptions & { readonly maxBytes: number; readonly allowText?: boolean; readonly allowList?: boolean },
): PropertyDecorator {
  const { maxBytes, allowText = false, allowList = false } = options;
  const forms = ['an object', ...(allowList ? ['a list'] : []), ...(allowText ? ['text'] : [])].join(' or ');
  const rule: FieldRule = {
    name: 'json',
    check: (value) =>
      (isPlainObject(value) || (allowText && typeof value === 'string') || (allowList && Array.isArray(value))) &&
      fitsJson(value, maxBytes),
    message: `must be ${forms} of at most ${String(maxBytes)} bytes of JSON, nested at most ${String(MAX_JSON_DEPTH)} deep`,
  };
  return assembleField({
    options,
    spec: { kind: 'json', maxLength: maxBytes },
    api: { type: 'object', additionalProperties: true },
    rule,
    normalise: asSent,
  });
}

/** A list of objects that are validated later, one by one. */
export function RawListField(
  options: FieldOptions & {
    readonly maxItems: number;
    readonly minItems: number;
    readonly of: ClassConstructor<object>;
  },
): PropertyDecorator {
  const { maxItems, minItems, of } = options;
  const rule: FieldRule = {
    name: 'list',
    check: (value) => Array.isArray(value) && value.length >= minItems && value.length <= maxItems,
    message: `must be a list of ${String(minItems)} to ${String(maxItems)} items`,
  };
  return assembleField({
    options,
    spec: { kind: 'list', min: minItems, max: maxItems },
    api: { type: [of], minItems, maxItems },
    rule,
    normalise: asSent,
  });
}
