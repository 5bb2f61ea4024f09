import { parseCommandLine, type CommandLine, type OptionTable } from './command-line.js';
import type { IpxeImage, IpxeOutcome, IpxeReply, IpxeRequest } from './ipxe-host.js';
import { FIRST_DISK } from './ipxe-statement.js';
import { isIpxeScript } from './parse-ipxe-script.js';

/** What scripts change as they run. */
export interface ScriptState {
  readonly variables: Map<string, string>;
  images: readonly IpxeImage[];
  selected: IpxeImage | undefined;
  /** The URL of the running script. */
  baseUrl: string | undefined;
  stepsLeft: number;
}

/** What a command did to the flow of its script. */
export type CommandResult =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly error: string; readonly command?: string }
  | { readonly kind: 'goto'; readonly label: string }
  | { readonly kind: 'call' | 'replace'; readonly script: string; readonly url: string }
  | { readonly kind: 'exit'; readonly status: number }
  | { readonly kind: 'end'; readonly outcome: IpxeOutcome };

/** A running command or script: yields requests, takes replies, returns what it did to the flow. */
export type IpxeStep = Generator<IpxeRequest, CommandResult, IpxeReply>;

interface Command {
  readonly options: OptionTable;
  readonly minOperands: number;
  /** For commands that ask nothing of the machine. */
  decide?(line: CommandLine, state: ScriptState): CommandResult;
  run?(line: CommandLine, state: ScriptState): IpxeStep;
}

export const DONE: CommandResult = { kind: 'done' };

const NO_OPTIONS: OptionTable = { long: {}, short: {} };
const ECHO_OPTIONS: OptionTable = { long: { n: 'flag' }, short: { n: 'n' } };
const IMAGE_OPTIONS: OptionTable = {
  long: { name: 'value', timeout: 'value', autofree: 'flag', replace: 'flag' },
  short: { n: 'name', t: 'timeout', a: 'autofree', r: 'replace' },
};
const SANBOOT_OPTIONS: OptionTable = {
  long: { drive: 'value', 'no-describe': 'flag', keep: 'flag', filename: 'value' },
  short: { d: 'drive', n: 'no-describe', k: 'keep', f: 'filename' },
};

const imageFetch = (purpose: 'kernel' | 'initrd' | 'image'): Command => ({
  options: IMAGE_OPTIONS,
  minOperands: 1,
  run: (line, state) => fetchImage(line, state, purpose),
});
const bootCommand: Command = { options: IMAGE_OPTIONS, minOperands: 0, run: boot };
/** Interfaces of a simulated machine are always open. */
const nothing: Command = { options: NO_OPTIONS, minOperands: 0, decide: () => DONE };

const commands: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['echo', { options: ECHO_OPTIONS, minOperands: 0, run: echo }],
  ['set', { options: NO_OPTIONS, minOperands: 1, decide: setVariable }],
  ['clear', { options: NO_OPTIONS, minOperands: 1, decide: clearVariable }],
  ['isset', { options: NO_OPTIONS, minOperands: 1, decide: ({ operands }) => test(operands[0] !== '', 'not set') }],
  ['iseq', { options: NO_OPTIONS, minOperands: 2, decide: ({ operands: [a, b] }) => test(a === b, 'not equal') }],
  ['goto', { options: NO_OPTIONS, minOperands: 1, decide: ({ operands: [label = ''] }) => ({ kind: 'goto', label }) }],
  ['exit', { options: NO_OPTIONS, minOperands: 0, decide: exit }],
  ['sleep', { options: NO_OPTIONS, minOperands: 1, run: sleep }],
  ['dhcp', { options: NO_OPTIONS, minOperands: 0, run: dhcp }],
  ['ifopen', nothing],
  ['ifclose', nothing],
  ['kernel', imageFetch('kernel')],
  ['initrd', imageFetch('initrd')],
  ['module', imageFetch('image')],
  ['imgfetch', imageFetch('image')],
  ['imgargs', { options: NO_OPTIONS, minOperands: 1, decide: setArguments }],
  ['imgfree', { options: NO_OPTIONS, minOperands: 0, decide: freeImages }],
  ['boot', bootCommand],
  ['imgexec', bootCommand],
  ['chain', { options: IMAGE_OPTIONS, minOperands: 1, run: chain }],
  ['sanboot', { options: SANBOOT_OPTIONS, minOperands: 0, run: sanboot }],
  ['reboot', { options: NO_OPTIONS, minOperands: 0, decide: () => ({ kind: 'end', outcome: { kind: 'rebooted' } }) }],
]);

/** Runs one command whose words are expanded. */
export function* runCommand(words: readonly string[], state: ScriptState): IpxeStep {
  const [name = '', ...rest] = words;
  const command = commands.get(name);
  if (command === undefined) return failed(`${name}: command not found`);
  const line = parseCommandLine(rest, command.options);
  if (!line.ok) return failed(line.fault);
  if (line.value.operands.length < command.minOperands) return failed(`${name}: too few arguments`);
  if (command.run !== undefined) return yield* command.run(line.value, state);
  return command.decide?.(line.value, state) ?? DONE;
}

function failed(error: string): CommandResult {
  return { kind: 'failed', error };
}

function test(isTrue: boolean, error: string): CommandResult {
  return isTrue ? DONE : failed(error);
}

function answered(reply: IpxeReply): CommandResult {
  return reply.ok ? DONE : failed(reply.error);
}

function setVariable({ operands: [name = '', ...value] }: CommandLine, state: ScriptState): CommandResult {
  state.variables.set(name, value.join(' '));
  return DONE;
}

/** An empty value hides the machine's own setting of the same name. */
function clearVariable({ operands: [name = ''] }: CommandLine, state: ScriptState): CommandResult {
  state.variables.set(name, '');
  return DONE;
}

function exit({ operands: [status = '0'] }: CommandLine): CommandResult {
  const number = Number(status);
  return Number.isInteger(number) ? { kind: 'exit', status: number } : failed('exit: not a number');
}

function* echo({ operands, options }: CommandLine): IpxeStep {
  yield { kind: 'echo', text: operands.join(' ') + (options.has('n') ? '' : '\n') };
  return DONE;
}

function* sleep({ operands: [text] }: CommandLine): IpxeStep {
  const seconds = Number(text);
  if (!Number.isInteger(seconds) || seconds < 0) return failed('sleep: not a number of seconds');
  return answered(yield { kind: 'sleep', seconds });
}

function* dhcp(): IpxeStep {
  return answered(yield { kind: 'dhcp' });
}

/** The image a command line names; `undefined` when its URL makes no sense where the script came from. */
function imageOf({ operands, options }: CommandLine, state: ScriptState): IpxeImage | undefined {
  const [reference = '', ...args] = operands;
  if (!URL.canParse(reference, state.baseUrl)) return undefined;
  const url = new URL(reference, state.baseUrl);
  const name = options.get('name') ?? url.pathname.split('/').at(-1) ?? '';
  return { name, url: url.href, args: args.join(' ') };
}

function* fetchImage(line: CommandLine, state: ScriptState, purpose: 'kernel' | 'initrd' | 'image'): IpxeStep {
  const image = imageOf(line, state);
  if (image === undefined) return failed('invalid URL');
  const reply = yield { kind: 'fetch', url: image.url, purpose };
  if (!reply.ok) return failed(reply.error);
  state.images = [...state.images, image];
  if (purpose === 'kernel') state.selected = image;
  return DONE;
}

function setArguments({ operands: [name, ...args] }: CommandLine, state: ScriptState): CommandResult {
  const found = state.images.find((image) => image.name === name);
  if (found === undefined) return failed('no such image');
  const changed = { ...found, args: args.join(' ') };
  state.images = state.images.map((image) => (image === found ? changed : image));
  if (state.selected === found) state.selected = changed;
  return DONE;
}

function freeImages(_line: CommandLine, state: ScriptState): CommandResult {
  state.images = [];
  state.selected = undefined;
  return DONE;
}

function* boot({ operands: [name] }: CommandLine, state: ScriptState): IpxeStep {
  const image = name === undefined ? state.selected : state.images.find((candidate) => candidate.name === name);
  return image === undefined ? failed('no image to boot') : yield* bootImage(image, state);
}

function* bootImage(image: IpxeImage, state: ScriptState): IpxeStep {
  const others = state.images.filter((candidate) => candidate !== image);
  const reply = yield { kind: 'boot', image, others };
  return reply.ok ? { kind: 'end', outcome: { kind: 'booted', image, others } } : failed(reply.error);
}

function* chain(line: CommandLine, state: ScriptState): IpxeStep {
  const image = imageOf(line, state);
  if (image === undefined) return failed('invalid URL');
  const reply = yield { kind: 'fetch', url: image.url, purpose: 'chain' };
  if (!reply.ok) return failed(reply.error);
  const script = reply.content ?? '';
  if (!isIpxeScript(script)) return yield* bootImage(image, state);
  return { kind: line.options.has('replace') ? 'replace' : 'call', script, url: image.url };
}

function* sanboot({ options }: CommandLine): IpxeStep {
  const drive = Number(options.get('drive') ?? FIRST_DISK);
  if (!Number.isInteger(drive)) return failed('sanboot: not a drive number');
  const reply = yield { kind: 'sanboot', drive };
  return reply.ok ? { kind: 'end', outcome: { kind: 'booted-from-disk', drive } } : failed(reply.error);
}
