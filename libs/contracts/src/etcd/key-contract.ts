import type { ClassConstructor } from 'class-transformer';

/** Who may write a key. */
export type KeyWriter = 'control-plane' | 'regional';

/** One kind of key: its pattern, the schema of its value, its writers. */
export interface KeyContract<Parts extends string, Value extends object> {
  /** Segments in braces are identifiers: `/os/{idc}/servers/{sn}`. */
  readonly pattern: string;
  readonly parts: readonly Parts[];
  readonly schema: ClassConstructor<Value>;
  readonly writers: readonly KeyWriter[];
  /** The key with its identifiers filled in; throws RangeError on one that holds a `/` or is empty (a bug). */
  key(ids: Readonly<Record<Parts, string>>): string;
  /** The identifiers of a key, or `undefined` when it is of another kind. */
  parse(key: string): Readonly<Record<Parts, string>> | undefined;
}

type PartsOf<Pattern extends string> = Pattern extends `${string}{${infer Part}}${infer Rest}`
  ? Part | PartsOf<Rest>
  : never;

const PART = /\{([a-z_]+)\}/g;

function segment(id: string, pattern: string): string {
  if (id === '' || id.includes('/')) throw new RangeError(`not an identifier for ${pattern}: ${JSON.stringify(id)}`);
  return id;
}

/** Declares a kind of key. */
export function defineKey<const Pattern extends string, Value extends object>(
  pattern: Pattern,
  value: { readonly schema: ClassConstructor<Value>; readonly writers: readonly KeyWriter[] },
): KeyContract<PartsOf<Pattern>, Value> {
  const parts = [...pattern.matchAll(PART)].map(([, name]) => name as PartsOf<Pattern>);
  const [head = '', ...tails] = pattern.split(/\{[a-z_]+\}/);
  const shape = new RegExp(`^${pattern.replace(PART, '([^/]+)')}$`);
  return {
    ...value,
    pattern,
    parts,
    key: (ids) => parts.reduce((key, name, index) => `${key}${segment(ids[name], pattern)}${tails[index] ?? ''}`, head),
    parse: (key) => {
      const found = shape.exec(key);
      if (found === null) return undefined;
      return Object.fromEntries(parts.map((name, index) => [name, found[index + 1] ?? ''])) as Record<
        PartsOf<Pattern>,
        string
      >;
    },
  };
}
