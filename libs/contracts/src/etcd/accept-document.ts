import { getMetadataStorage } from 'class-validator';
import type { ClassConstructor } from 'class-transformer';
import { declarationsOf, type DeclaredField, type FieldReader } from '../fields/field-registry.js';
import { isHarmless } from './document-shape.js';

type Fields = ReadonlyMap<string, DeclaredField>;

/** What is known of a class; `undefined` for one that has rules besides those of its declared fields. */
const plans = new WeakMap<ClassConstructor<object>, Fields | undefined>();

/**
 * Reads a document that is valid, in a fraction of the time class-validator takes; `undefined` for one that may not
 * be. It only ever accepts: whatever it does not is judged, and described, by class-validator, whose rules these are.
 */
export function acceptDocument<T extends object>(
  schema: ClassConstructor<T>,
  document: object,
  { isLenient }: { readonly isLenient: boolean },
): T | undefined {
  const fields = planFor(schema);
  if (fields === undefined || !isHarmless(document)) return undefined;
  return accept(schema, document, { fields, isLenient });
}

function accept<T extends object>(
  schema: ClassConstructor<T>,
  document: object,
  how: { readonly fields: Fields; readonly isLenient: boolean },
): T | undefined {
  const accepted = new schema();
  let missing = requiredCount(how.fields);
  for (const [name, sent] of Object.entries(document)) {
    const field = how.fields.get(name);
    if (field === undefined) {
      if (how.isLenient) continue;
      return undefined;
    }
    const value = sent === undefined ? undefined : readField(field, sent, how.isLenient);
    if (value === undefined) return undefined;
    (accepted as Record<string, unknown>)[name] = value;
    if (field.spec.required) missing -= 1;
  }
  return missing === 0 ? accepted : undefined;
}

/** The value in its final form; `undefined` when it breaks a rule. */
function readField({ spec, reader }: DeclaredField, sent: unknown, isLenient: boolean): unknown {
  if (spec.required && sent === null) return undefined;
  if (reader.parse !== undefined) return typeof sent === 'string' ? reader.parse(sent) : undefined;
  const value = reader.normalise === undefined ? sent : reader.normalise(sent);
  if (!reader.check(value)) return undefined;
  return reader.nested === undefined ? value : readNested(reader.nested, value, isLenient);
}

/** `value` is a document, or a list of documents, as the field's own rule found. */
function readNested(
  { schema, isList }: NonNullable<FieldReader['nested']>,
  value: unknown,
  isLenient: boolean,
): unknown {
  const fields = planFor(schema);
  if (fields === undefined) return undefined;
  const how = { fields, isLenient };
  if (!isList) return accept(schema, value as object, how);
  const items = (value as readonly object[]).map((item) => accept(schema, item, how));
  return items.includes(undefined) ? undefined : items;
}

const requiredCounts = new WeakMap<Fields, number>();

function requiredCount(fields: Fields): number {
  let count = requiredCounts.get(fields);
  if (count === undefined) {
    count = [...fields.values()].filter(({ spec }) => spec.required).length;
    requiredCounts.set(fields, count);
  }
  return count;
}

function planFor(schema: ClassConstructor<object>): Fields | undefined {
  if (!plans.has(schema)) plans.set(schema, makePlan(schema));
  return plans.get(schema);
}

function makePlan(schema: ClassConstructor<object>): Fields | undefined {
  const merged = new Map<string, DeclaredField>();
  let rules = 0;
  for (const declared of declarationsOf(schema)) {
    for (const [name, field] of declared) {
      const inherited = merged.get(name);
      // class-transformer would run both forms of a field that is declared again.
      if ((inherited?.reader.normalise ?? inherited?.reader.nested) !== undefined) return undefined;
      merged.set(name, field);
      rules += field.ruleCount;
    }
  }
  return merged.size > 0 && rules === rulesOf(schema) ? merged : undefined;
}

/** How many rules class-validator knows of a class and its ancestors, whoever declared them. */
function rulesOf(schema: ClassConstructor<object>): number {
  let count = 0;
  for (
    let at: unknown = schema;
    typeof at === 'function' && at !== Function.prototype;
    at = Object.getPrototypeOf(at)
  ) {
    const known = getMetadataStorage().getTargetValidationMetadatas(at, '', true, false);
    count += known.filter(({ target }) => target === at).length;
  }
  return count;
}
