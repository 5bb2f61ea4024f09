import {
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type Node,
} from 'yaml';
import type { ConfigMistake } from './config-mistake.js';
import type { ConfigSource, GivenValue } from './config-source.js';
import type { SettingTable } from './setting.js';

interface Walk {
  readonly file: string;
  readonly known: ReadonlySet<string>;
  readonly document: Document;
  readonly lines: LineCounter;
  readonly values: Map<string, GivenValue>;
  readonly mistakes: ConfigMistake[];
}

/** Reads settings from the text of a YAML file; `file` names it in mistakes. */
export function readYaml(settings: SettingTable, file: string, text: string): ConfigSource {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const known = new Set(Object.values(settings).map(({ key }) => key));
  const walk: Walk = { file, known, document, lines, values: new Map(), mistakes: [] };
  for (const error of document.errors) {
    walk.mistakes.push({ where: file, detail: error.message.split('\n', 1)[0] ?? error.code });
  }
  const root: unknown = document.contents;
  if (isMap(root)) visitMap(walk, root, '');
  else if (document.errors.length === 0 && !(root === null || (isScalar(root) && root.value === null))) {
    walk.mistakes.push({ where: file, detail: 'expected a map of settings' });
  }
  return walk;
}

function visitMap(walk: Walk, map: Node, prefix: string): void {
  if (!isMap(map)) return;
  for (const pair of map.items) {
    if (!isPair(pair)) continue;
    const name = isScalar(pair.key) ? String(pair.key.value) : '?';
    visitEntry(walk, prefix === '' ? name : `${prefix}.${name}`, { key: pair.key, value: pair.value });
  }
}

function visitEntry(walk: Walk, path: string, entry: { readonly key: unknown; readonly value: unknown }): void {
  const value = resolve(walk, entry.value);
  const where = `${path} in ${walk.file}${lineOf(walk, entry.key)}`;
  if (walk.known.has(path)) {
    const raw = rawOf(walk, value);
    if (raw === null) return;
    if (raw === undefined) walk.mistakes.push({ where, detail: 'expected a value or a list of values, found a map' });
    else walk.values.set(path, { raw, where });
  } else if (isMap(value) && [...walk.known].some((key) => key.startsWith(`${path}.`))) {
    visitMap(walk, value, path);
  } else {
    walk.mistakes.push({ where, detail: 'no such setting' });
  }
}

/** Text or list of a node; `null` for an empty value (not set), `undefined` for anything nested. */
function rawOf(walk: Walk, node: unknown): string | readonly string[] | null | undefined {
  if (node === null || node === undefined) return null;
  if (isScalar(node)) return node.value === null ? null : scalarText(node.value);
  if (!isSeq(node)) return undefined;
  const items = node.items.map((item) => resolve(walk, item));
  if (items.some((item) => isCollection(item))) return undefined;
  return items.map((item) => (isScalar(item) ? scalarText(item.value) : ''));
}

function scalarText(value: unknown): string {
  return typeof value === 'string' ? value : String(value);
}

function resolve(walk: Walk, node: unknown): unknown {
  const { document } = walk;
  const isAlias = typeof node === 'object' && node !== null && 'source' in node && 'resolve' in node;
  return isAlias ? (node as { resolve(doc: Document): unknown }).resolve(document) : node;
}

function lineOf(walk: Walk, key: unknown): string {
  const range = isScalar(key) ? key.range : undefined;
  return range === undefined || range === null ? '' : ` line ${walk.lines.linePos(range[0]).line}`;
}
