import { fail, ok, type Result } from '@rackwright/kernel';

/** The options of one command: long name to whether it takes a value, and the one-letter spellings. */
export interface OptionTable {
  readonly long: Readonly<Record<string, 'flag' | 'value'>>;
  readonly short: Readonly<Record<string, string>>;
}

export interface CommandLine {
  /** By long name; a flag has an empty value. */
  readonly options: ReadonlyMap<string, string>;
  readonly operands: readonly string[];
}

/** Options stand before the first operand and end at `--`, as in iPXE's own `getopt`. */
export function parseCommandLine(words: readonly string[], table: OptionTable): Result<CommandLine, string> {
  const options = new Map<string, string>();
  const rest = [...words];
  while (rest[0]?.startsWith('-') === true) {
    const word = rest.shift() ?? '';
    if (word === '--') break;
    const option = readOption(word, rest, table);
    if (!option.ok) return option;
    options.set(option.value.name, option.value.value);
  }
  return ok({ options, operands: rest });
}

/** Takes the value from behind `=` or from `rest`. */
function readOption(
  word: string,
  rest: string[],
  table: OptionTable,
): Result<{ readonly name: string; readonly value: string }, string> {
  const [spelling = '', inline] = word.split('=', 2);
  const name = spelling.startsWith('--') ? spelling.slice(2) : (table.short[spelling.slice(1)] ?? '');
  if (!Object.hasOwn(table.long, name)) return fail(`unrecognised option ${word}`);
  if (table.long[name] === 'flag') return ok({ name, value: '' });
  const value = inline ?? rest.shift();
  return value === undefined ? fail(`option ${word} requires an argument`) : ok({ name, value });
}
