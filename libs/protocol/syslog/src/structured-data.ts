import type { StructuredElement } from './syslog-message.js';
import type { TextCursor } from './text-cursor.js';

/** SD-NAME: RFC 5424 section 6.3.2; longer names than the 32 characters it allows are met and harmless. */
const NAME = /[!#-<>-\\^-~]{1,64}/y;
const VALUE = /(?:[^"\\\]]|\\[^])*/y;

/** STRUCTURED-DATA: RFC 5424 section 6.3; `undefined` when it breaks the grammar. */
export function parseStructuredData(cursor: TextCursor): readonly StructuredElement[] | undefined {
  const elements: StructuredElement[] = [];
  if (cursor.take('-')) return elements;
  while (cursor.take('[')) {
    const element = parseElement(cursor);
    if (element === undefined) return undefined;
    elements.push(element);
  }
  return elements.length === 0 ? undefined : elements;
}

function parseElement(cursor: TextCursor): StructuredElement | undefined {
  const id = cursor.match(NAME)?.[0];
  if (id === undefined) return undefined;
  const params: { readonly name: string; readonly value: string }[] = [];
  while (cursor.take(' ')) {
    const param = parseParam(cursor);
    if (param === undefined) return undefined;
    params.push(param);
  }
  return cursor.take(']') ? { id, params } : undefined;
}

function parseParam(cursor: TextCursor): { readonly name: string; readonly value: string } | undefined {
  const name = cursor.match(NAME)?.[0];
  if (name === undefined || !cursor.take('=') || !cursor.take('"')) return undefined;
  const value = cursor.match(VALUE)?.[0] ?? '';
  return cursor.take('"') ? { name, value: unescaped(value) } : undefined;
}

/** A backslash before anything but these three stands for itself: RFC 5424 section 6.3.3. */
function unescaped(value: string): string {
  return value.replaceAll(/\\(["\\\]])/g, '$1');
}

/** The text of {@link parseStructuredData}. */
export function formatStructuredData(elements: readonly StructuredElement[]): string {
  if (elements.length === 0) return '-';
  return elements
    .map(({ id, params }) => `[${id}${params.map(({ name, value }) => ` ${name}="${escaped(value)}"`).join('')}]`)
    .join('');
}

function escaped(value: string): string {
  return value.replaceAll(/["\\\]]/g, String.raw`\$&`);
}
