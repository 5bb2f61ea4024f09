import { fail, ok, type Result } from '@rackwright/kernel';

/** Why a text cannot be put into a script as it is. `text` is the refused part. */
export interface IpxeFault {
  readonly code:
    | 'text-has-control-characters'
    | 'text-has-expansion'
    | 'text-has-space-run'
    | 'text-ends-with-backslash'
    | 'word-empty'
    | 'word-has-space'
    | 'word-is-separator'
    | 'name-invalid'
    | 'quote-not-representable'
    | 'number-out-of-range'
    | 'label-unknown'
    | 'label-repeated';
  readonly text: string;
}

/** A setting that iPXE expands when it runs the line, e.g. `${net0/mac:hexhyp}`. */
export interface IpxeExpansion {
  readonly setting: string;
  readonly type?: string;
}

/** Text for a script: literal text, or literal parts and settings one after another. */
export type IpxeText = string | readonly (string | IpxeExpansion)[];

const SETTING_NAME = /^[A-Za-z0-9][A-Za-z0-9._/-]*$/;
const SETTING_TYPE = /^[a-z0-9]+$/;
/** C0, DEL, C1, and the two separators that some editors treat as line ends. */
const CONTROL = /[\p{Cc}\u2028\u2029]/u;
const SEPARATORS: readonly string[] = ['||', '&&', ';'];

/** A reference to a setting, for use inside an {@link IpxeText}. */
export function expansion(setting: string, type?: string): IpxeExpansion {
  return type === undefined ? { setting } : { setting, type };
}

/**
 * One word of a command. iPXE splits a line at white space and knows no quoting, so a word that would be split,
 * expanded, taken for a separator or a comment, or would join the next line, is refused rather than altered.
 */
export function ipxeWord(text: IpxeText): Result<string, IpxeFault> {
  const rendered = render(text);
  if (!rendered.ok) return rendered;
  const word = rendered.value;
  if (word === '') return fail({ code: 'word-empty', text: word });
  if (word.includes(' ')) return fail({ code: 'word-has-space', text: word });
  return checkWord(word);
}

/** Several words with single spaces between them, which is how iPXE joins them again. */
export function ipxeWords(text: IpxeText): Result<string, IpxeFault> {
  const rendered = render(text);
  if (!rendered.ok) return rendered;
  for (const word of rendered.value.split(' ')) {
    if (word === '') return fail({ code: 'text-has-space-run', text: rendered.value });
    const checked = checkWord(word);
    if (!checked.ok) return checked;
  }
  return rendered;
}

function checkWord(word: string): Result<string, IpxeFault> {
  if (word.startsWith('#') || SEPARATORS.includes(word)) return fail({ code: 'word-is-separator', text: word });
  if (word.endsWith('\\')) return fail({ code: 'text-ends-with-backslash', text: word });
  return ok(word);
}

function render(text: IpxeText): Result<string, IpxeFault> {
  let rendered = '';
  let literal = '';
  for (const part of typeof text === 'string' ? [text] : text) {
    if (typeof part === 'string') {
      if (CONTROL.test(part)) return fail({ code: 'text-has-control-characters', text: part });
      literal += part;
      rendered += part;
      if (literal.includes('${')) return fail({ code: 'text-has-expansion', text: literal });
      continue;
    }
    const reference = renderExpansion(part);
    if (!reference.ok) return reference;
    if (literal.endsWith('$')) return fail({ code: 'text-has-expansion', text: literal });
    literal = '';
    rendered += reference.value;
  }
  return ok(rendered);
}

function renderExpansion({ setting, type }: IpxeExpansion): Result<string, IpxeFault> {
  if (!SETTING_NAME.test(setting)) return fail({ code: 'name-invalid', text: setting });
  if (type !== undefined && !SETTING_TYPE.test(type)) return fail({ code: 'name-invalid', text: type });
  return ok(type === undefined ? `\${${setting}}` : `\${${setting}:${type}}`);
}

/** The name of a setting that a script may set. */
export function ipxeSettingName(name: string): Result<string, IpxeFault> {
  return SETTING_NAME.test(name) ? ok(name) : fail({ code: 'name-invalid', text: name });
}

const LABEL = /^[A-Za-z0-9][A-Za-z0-9_-]*$/;

/** The name of a label. */
export function ipxeLabel(name: string): Result<string, IpxeFault> {
  return LABEL.test(name) ? ok(name) : fail({ code: 'name-invalid', text: name });
}
