import { fail, ok, type Result } from '@rackwright/kernel';

/** When a command of a line runs, depending on the one before it. */
export type RunCondition = 'always' | 'on-success' | 'on-failure';

export interface ParsedCommand {
  readonly condition: RunCondition;
  /** Words before expansion; empty for a command that does nothing and succeeds. */
  readonly words: readonly string[];
}

/** One line, after continuation lines are joined. */
export interface ParsedLine {
  readonly label?: string;
  readonly commands: readonly ParsedCommand[];
}

/** A script as steps. */
export interface IpxeProgram {
  readonly lines: readonly ParsedLine[];
  readonly labels: ReadonlyMap<string, number>;
}

const MAGIC = /^#![ig]pxe\s/;
const MAX_SCRIPT_CHARACTERS = 1024 * 1024;
const CONDITIONS: ReadonlyMap<string, RunCondition> = new Map([
  ['||', 'on-failure'],
  ['&&', 'on-success'],
  [';', 'always'],
]);

/** Whether iPXE takes these octets for a script. */
export function isIpxeScript(text: string): boolean {
  return MAGIC.test(text.slice(0, 16));
}

/** Splits a script the way iPXE does: lines, labels, white space, separators, comments. */
export function parseIpxeScript(
  text: string,
): Result<IpxeProgram, { readonly code: 'not-a-script' | 'script-too-long' }> {
  if (!isIpxeScript(text)) return fail({ code: 'not-a-script' });
  if (text.length > MAX_SCRIPT_CHARACTERS) return fail({ code: 'script-too-long' });
  const lines = text.replaceAll('\r\n', '\n').replaceAll('\\\n', '').split('\n').map(parseLine);
  const labels = new Map<string, number>();
  for (const [index, { label }] of lines.entries()) {
    if (label !== undefined && !labels.has(label)) labels.set(label, index);
  }
  return ok({ lines, labels });
}

function parseLine(line: string): ParsedLine {
  const words = line.split(/\s+/).filter((word) => word !== '');
  const [first] = words;
  if (first?.startsWith(':') !== true) return { commands: parseCommands(words) };
  return { label: first.slice(1), commands: parseCommands(words.slice(1)) };
}

function parseCommands(words: readonly string[]): ParsedCommand[] {
  const commands: ParsedCommand[] = [];
  let current: string[] = [];
  let condition: RunCondition = 'always';
  for (const word of words) {
    if (word.startsWith('#')) break;
    const next = CONDITIONS.get(word);
    if (next === undefined) {
      current.push(word);
      continue;
    }
    commands.push({ condition, words: current });
    current = [];
    condition = next;
  }
  commands.push({ condition, words: current });
  return commands;
}
