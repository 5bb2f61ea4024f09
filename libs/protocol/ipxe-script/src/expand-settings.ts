/** Finds the text of a setting such as `net0/mac`; `undefined` or empty when it is not set. */
export type SettingLookup = (name: string) => string | undefined;

const INNERMOST = /\$\{([^${}]*)\}/;
/** Nested expansions are legal, endless ones are not. */
const MAX_EXPANSIONS = 100;
/** A value that contains itself twice doubles at every step. */
const MAX_CHARACTERS = 65_536;
const COLON_HEX = /^[0-9a-f]{2}(?::[0-9a-f]{2})*$/i;

/** Replaces each `${name}` or `${name:type}` by its value, innermost first, as iPXE does; unset settings are empty. */
export function expandSettings(text: string, lookup: SettingLookup): string {
  let expanded = text;
  for (let count = 0; count < MAX_EXPANSIONS && expanded.includes('${'); count += 1) {
    const match = INNERMOST.exec(expanded);
    if (match === null || expanded.length > MAX_CHARACTERS) break;
    const [whole, reference = ''] = match;
    const colon = reference.indexOf(':');
    const name = colon === -1 ? reference : reference.slice(0, colon);
    const value = formatSetting(lookup(name) ?? '', colon === -1 ? '' : reference.slice(colon + 1));
    expanded = expanded.slice(0, match.index) + value + expanded.slice(match.index + whole.length);
  }
  return expanded.slice(0, MAX_CHARACTERS);
}

function formatSetting(value: string, type: string): string {
  switch (type) {
    case 'hex':
      return hexOctets(value).join(':');
    case 'hexhyp':
      return hexOctets(value).join('-');
    case 'hexraw':
      return hexOctets(value).join('');
    case 'uristring':
      return encodeURIComponent(value);
    default:
      return value;
  }
}

function hexOctets(value: string): string[] {
  if (COLON_HEX.test(value)) return value.toLowerCase().split(':');
  return [...Buffer.from(value, 'utf8')].map((octet) => octet.toString(16).padStart(2, '0'));
}
