import { expandSettings, type SettingLookup } from './expand-settings.js';
import { DONE, runCommand, type IpxeStep, type ScriptState } from './ipxe-commands.js';
import type { IpxeOutcome, IpxeReply, IpxeRequest } from './ipxe-host.js';
import { parseIpxeScript, type IpxeProgram, type ParsedCommand, type ParsedLine } from './parse-ipxe-script.js';

/** A script loops until something ends it; this ends it when nothing else does. */
const DEFAULT_MAX_STEPS = 10_000;
/** iPXE runs nested scripts on its stack. */
const MAX_NESTING = 16;

export interface InterpretOptions {
  /** Where the script came from; relative URLs start here. */
  readonly baseUrl?: string;
  /** Settings of the machine, such as `net0/mac` and `next-server`. */
  readonly setting?: SettingLookup;
  readonly maxSteps?: number;
}

/** A running script: yields what it asks of its machine, takes the answer, returns how it ended. */
export type IpxeRun = Generator<IpxeRequest, IpxeOutcome, IpxeReply>;

/** Runs a script as iPXE does: a failed line ends it, `||` and `&&` decide what is left of a line, `chain` goes on. */
export function* interpretIpxeScript(script: string, options: InterpretOptions = {}): IpxeRun {
  const state: ScriptState = {
    variables: new Map(),
    images: [],
    selected: undefined,
    baseUrl: options.baseUrl,
    stepsLeft: options.maxSteps ?? DEFAULT_MAX_STEPS,
  };
  const interpreter = new Interpreter(state, options.setting ?? (() => undefined));
  const result = yield* interpreter.runScript(script, 0);
  switch (result.kind) {
    case 'end':
      return result.outcome;
    case 'failed':
      return { kind: 'failed', command: result.command ?? '', error: result.error };
    default:
      return { kind: 'exited', status: result.kind === 'exit' ? result.status : 0 };
  }
}

class Interpreter {
  readonly #state: ScriptState;
  readonly #lookup: SettingLookup;

  constructor(state: ScriptState, setting: SettingLookup) {
    this.#state = state;
    this.#lookup = (name) => state.variables.get(name) ?? (name === 'cwduri' ? state.baseUrl : setting(name));
  }

  /** Runs a script and those that replace it. */
  *runScript(script: string, nesting: number): IpxeStep {
    if (nesting > MAX_NESTING) return { kind: 'failed', error: 'scripts nest too deeply' };
    let source = script;
    for (;;) {
      const program = parseIpxeScript(source);
      if (!program.ok) return { kind: 'failed', error: program.fault.code };
      const result = yield* this.#runProgram(program.value, nesting);
      if (result.kind !== 'replace') return result;
      source = result.script;
      this.#state.baseUrl = result.url;
    }
  }

  *#runProgram(program: IpxeProgram, nesting: number): IpxeStep {
    for (let at = 0; at < program.lines.length; at += 1) {
      const line = program.lines[at];
      const result = line === undefined ? DONE : yield* this.#runLine(line, nesting);
      if (result.kind === 'goto') {
        const target = program.labels.get(result.label);
        if (target === undefined) return { kind: 'failed', command: 'goto', error: `no label ${result.label}` };
        at = target - 1;
      } else if (result.kind !== 'done') return result;
    }
    return DONE;
  }

  *#runLine(line: ParsedLine, nesting: number): IpxeStep {
    let last = DONE;
    for (const command of line.commands) {
      if (command.condition === 'on-success' && last.kind === 'failed') continue;
      if (command.condition === 'on-failure' && last.kind !== 'failed') continue;
      last = yield* this.#runOne(command, nesting);
      if (last.kind !== 'done' && last.kind !== 'failed') return last;
    }
    return last;
  }

  *#runOne(command: ParsedCommand, nesting: number): IpxeStep {
    const words = command.words.map((word) => expandSettings(word, this.#lookup));
    if (words.length === 0) return DONE;
    if (this.#state.stepsLeft === 0) return { kind: 'end', outcome: { kind: 'step-limit-reached' } };
    this.#state.stepsLeft -= 1;
    const result = yield* runCommand(words, this.#state);
    if (result.kind === 'failed') return { ...result, command: result.command ?? words.join(' ') };
    return result.kind === 'call' ? yield* this.#call(result.script, result.url, nesting) : result;
  }

  *#call(script: string, url: string, nesting: number): IpxeStep {
    const callerUrl = this.#state.baseUrl;
    this.#state.baseUrl = url;
    const result = yield* this.runScript(script, nesting + 1);
    this.#state.baseUrl = callerUrl;
    if (result.kind !== 'exit') return result;
    return result.status === 0 ? DONE : { kind: 'failed', error: `exit status ${result.status}` };
  }
}
