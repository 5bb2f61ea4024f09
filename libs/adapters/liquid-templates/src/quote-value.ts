/** A value that cannot be written safely in the place a template puts it. */
export class RefusedValue extends Error {
  constructor(filter: string, reason: string) {
    super(`${filter}: ${reason}`);
    this.name = 'RefusedValue';
  }
}

const CONTROL = /\p{Cc}/u;
const NUL = /\0/;
/** Raw in JSON, but not printable, line breaks or a byte order mark in YAML (YAML 1.2 section 5.1). */
const UNPRINTABLE_IN_YAML = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

function textOf(filter: string, value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new RefusedValue(filter, `expected text, found ${value === null ? 'null' : typeof value}`);
}

/** One text, or the texts of a list separated by blanks. */
function each(filter: string, value: unknown, write: (text: string) => string): string {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.map((one) => write(textOf(filter, one))).join(' ');
}

function singleQuoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** One word of a POSIX shell, whatever it holds; a list gives several words. */
export function quoteForShell(value: unknown): string {
  return each('sh', value, (text) => {
    if (NUL.test(text)) throw new RefusedValue('sh', 'a shell word cannot hold a NUL');
    return singleQuoted(text);
  });
}

/** A JSON value, which is also a YAML flow scalar, sequence or map: never read as another type, tag or anchor. */
export function quoteForYaml(value: unknown): string {
  const json = JSON.stringify(value) as string | undefined;
  if (json === undefined) throw new RefusedValue('yaml', `expected a JSON value, found ${typeof value}`);
  return json.replace(UNPRINTABLE_IN_YAML, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The value part of a debconf preseed line, which ends with the line; a list is separated by blanks. */
export function quoteForPreseed(value: unknown): string {
  return each('preseed', value, (text) => {
    if (CONTROL.test(text))
      throw new RefusedValue('preseed', 'a preseed answer is one line without control characters');
    if (text.endsWith('\\')) throw new RefusedValue('preseed', 'a backslash at the end would continue the line');
    return text;
  });
}

/** One argument of a kickstart command (read like a POSIX shell word, one command per line); a list gives several. */
export function quoteForKickstart(value: unknown): string {
  return each('kickstart', value, (text) => {
    if (CONTROL.test(text))
      throw new RefusedValue('kickstart', 'a kickstart argument is one line without control characters');
    return singleQuoted(text);
  });
}
