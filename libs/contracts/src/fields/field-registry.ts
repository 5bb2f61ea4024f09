/** What a field accepts, as data: for tests that try everything else, and for documentation. */
export interface FieldSpec {
  readonly name: string;
  readonly kind:
    | 'text'
    | 'integer'
    | 'number'
    | 'boolean'
    | 'enum'
    | 'list'
    | 'object'
    | 'map'
    | 'json'
    | 'idc'
    | 'sn'
    | 'mac'
    | 'ipv4'
    | 'cidr'
    | 'instant';
  readonly required: boolean;
  readonly maxLength?: number;
  readonly min?: number;
  readonly max?: number;
  readonly values?: readonly string[];
  /** A valid value. */
  readonly example?: unknown;
}

/** The rules of a field as functions: the same ones its decorators hand to class-validator and class-transformer. */
export interface FieldReader {
  /** Whether the value, normalised and with its nested documents read, is valid. */
  readonly check: (value: unknown) => boolean;
  readonly normalise?: (value: unknown) => unknown;
  /** Both in one, for a value with a parser of its own: its canonical form, or `undefined`. */
  readonly parse?: (text: string) => string | undefined;
  /** The value is a document of this class, or a list of such. */
  readonly nested?: { readonly schema: new () => object; readonly isList: boolean };
}

/** A field as it was declared. */
export interface DeclaredField {
  readonly spec: FieldSpec;
  readonly reader: FieldReader;
  /** How many rules class-validator knows of it. */
  readonly ruleCount: number;
}

const registry = new WeakMap<object, Map<string, DeclaredField>>();

/** Records a field of a class; called by the field decorators. */
export function registerField(prototype: object, field: DeclaredField): void {
  const fields = registry.get(prototype) ?? new Map<string, DeclaredField>();
  fields.set(field.spec.name, field);
  registry.set(prototype, fields);
}

/** What a DTO class and each of its ancestors declare themselves, the oldest ancestor first. */
export function declarationsOf(dto: new () => object): readonly ReadonlyMap<string, DeclaredField>[] {
  const chain: ReadonlyMap<string, DeclaredField>[] = [];
  for (let at = dto.prototype as object | null; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    chain.unshift(registry.get(at) ?? new Map<string, DeclaredField>());
  }
  return chain;
}

/** The declared fields of a DTO class, inherited ones first. */
export function fieldsOf(dto: new () => object): readonly FieldSpec[] {
  const merged = new Map<string, FieldSpec>();
  for (const declared of declarationsOf(dto)) for (const [name, { spec }] of declared) merged.set(name, spec);
  return [...merged.values()];
}
