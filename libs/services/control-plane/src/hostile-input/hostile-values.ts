import type { FieldSpec } from '@rackwright/contracts';

/** Fields that are prose, filters or templates: quotes and dots in them are as good as any other character. */
const PROSE: ReadonlySet<string> = new Set(['note', 'notes', 'reason', 'template', 'tag']);
/** Filters that match nothing rather than being refused. */
const LOOSE_FILTERS: ReadonlySet<string> = new Set(['status', 'os_type']);
/** Fields whose texts have lines. */
const MULTILINE: ReadonlySet<string> = new Set(['template']);
/** Longer than any text we take, and short enough for one path segment where that is what is attacked. */
const TOO_LONG_IN_PATH = 200;

/** Dots and slashes are the stuff of kernel arguments. */
const PATHS_ALLOWED: ReadonlySet<string> = new Set(['kernel_args']);
const UP_THE_TREE = '../../etc/passwd';
/** A bad item of a batch is answered in its place and does not refuse the others. */
const CHECKED_ONE_BY_ONE: ReadonlySet<string> = new Set(['tasks']);

const HOSTILE_TEXTS = [UP_THE_TREE, `a'b`, 'a"b', 'a`id`', '$(id)', 'a b;c|d', '<script>', 'ünï\u{1f600}'];
const CONTROL_TEXTS = ['a\nb', 'a\tb', 'a\u0000b', 'a\u001bb', 'a\u2028b'];

const isText = ({ kind }: FieldSpec): boolean =>
  ['text', 'enum', 'idc', 'sn', 'mac', 'ipv4', 'cidr', 'instant'].includes(kind);

function wrongTypes({ kind, name }: FieldSpec): readonly unknown[] {
  switch (kind) {
    case 'integer':
    case 'number':
      return ['x', '1', [], {}, true];
    case 'boolean':
      return ['yes', 1, 0, [], {}];
    case 'list':
      return ['x', 1, {}, ...(CHECKED_ONE_BY_ONE.has(name) ? [] : [[null], [[]], [1]])];
    case 'object':
      return ['x', 1, []];
    case 'map':
      return ['x', 1, [], { k: 1 }, { 'a b': 'x' }, { k: 'a\nb' }];
    case 'json':
      return [1, true];
    default:
      return [1, true, [], {}, ['x']];
  }
}

function outOfBounds({ kind, min = 0, max = 0, maxLength = 0 }: FieldSpec): readonly unknown[] {
  switch (kind) {
    case 'integer':
      return [min - 1, max + 1, 1.5];
    case 'number':
      return [min - 1, max + 1];
    case 'list':
      return [Array.from({ length: max + 1 }, () => 'a')];
    case 'map':
      return [Object.fromEntries(Array.from({ length: max + 1 }, (_, index) => [`k${String(index)}`, 'v']))];
    case 'json':
      return [{ k: 'x'.repeat(maxLength) }];
    default:
      return [];
  }
}

function hostileTexts(field: FieldSpec, where: 'body' | 'query' | 'path'): readonly string[] {
  if (!isText(field)) return [];
  const length = where === 'path' ? TOO_LONG_IN_PATH : (field.maxLength ?? 1_000) + 1;
  const isProse =
    PROSE.has(field.name) || (where === 'query' && LOOSE_FILTERS.has(field.name) && field.kind === 'text');
  return [
    'x'.repeat(length),
    ...(isProse ? [] : HOSTILE_TEXTS.filter((text) => text !== UP_THE_TREE || !PATHS_ALLOWED.has(field.name))),
    ...(MULTILINE.has(field.name) ? ['a\u0000b'] : CONTROL_TEXTS),
  ];
}

/** Values a field of a body has to refuse. */
export function hostileBodyValues(field: FieldSpec): readonly unknown[] {
  return [null, ...wrongTypes(field), ...outOfBounds(field), ...hostileTexts(field, 'body')];
}

/** Texts a field of a query string or a path has to refuse. */
export function hostileTextValues(field: FieldSpec, where: 'query' | 'path'): readonly string[] {
  if (field.kind === 'integer') return ['', ' ', 'x', '1.5', '-1', '1e3', '0x10', '1\n', 'NaN', '9'.repeat(30)];
  if (field.kind === 'boolean') return ['', 'yes', '1', 'TRUE', 'true\n'];
  return hostileTexts(field, where);
}
