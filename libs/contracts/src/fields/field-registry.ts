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

const registry = new WeakMap<object, Map<string, FieldSpec>>();

/** Records a field of a class; called by the field decorators. */
export function registerField(prototype: object, spec: FieldSpec): void {
  const fields = registry.get(prototype) ?? new Map<string, FieldSpec>();
  fields.set(spec.name, spec);
  registry.set(prototype, fields);
}

/** The declared fields of a DTO class, inherited ones first. */
export function fieldsOf(dto: new () => object): readonly FieldSpec[] {
  const chain: object[] = [];
  for (let at = dto.prototype as object | null; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    chain.unshift(at);
  }
  const merged = new Map<string, FieldSpec>();
  for (const prototype of chain) for (const [name, spec] of registry.get(prototype) ?? []) merged.set(name, spec);
  return [...merged.values()];
}
