import type { ConfigMistake } from './config-mistake.js';
import type { ConfigSource, GivenValue } from './config-source.js';
import { describeSettings, printConfig } from './describe-settings.js';
import { readEnvironment, unknownVariables, type Environment, type ReadTextFile } from './read-environment.js';
import { readFlags, type FlagSource } from './read-flags.js';
import { readYaml } from './read-yaml.js';
import type { ConfigOf, Setting, SettingTable } from './setting.js';

/** Where configuration comes from. `argv` is without the interpreter and the script. */
export interface ConfigInput {
  readonly argv: readonly string[];
  readonly env: Environment;
  readonly readTextFile: ReadTextFile;
}

/** What to load. */
export interface ConfigRequest<S extends SettingTable> {
  /** Name of the program, for `--help`. */
  readonly name: string;
  readonly version: string;
  readonly settings: S;
  /** Mistakes that only several settings together show. */
  readonly check?: (config: ConfigOf<S>) => readonly ConfigMistake[];
}

/** The outcome of loading: a configuration, text to print instead of starting, or every mistake there is. */
export type LoadedConfig<S extends SettingTable> =
  | { readonly kind: 'config'; readonly config: ConfigOf<S>; readonly unknownVariables: readonly string[] }
  | { readonly kind: 'print'; readonly text: string }
  | { readonly kind: 'invalid'; readonly mistakes: readonly ConfigMistake[] };

/** Loads a configuration: defaults < YAML file < environment < flags. The result is frozen. */
export function loadConfig<S extends SettingTable>(request: ConfigRequest<S>, input: ConfigInput): LoadedConfig<S> {
  const { settings } = request;
  const flags = readFlags(settings, input.argv);
  if (flags.help) return { kind: 'print', text: describeSettings(settings, request.name) };
  if (flags.version) return { kind: 'print', text: `${request.name} ${request.version}\n` };

  const sources = [readFile(settings, flags, input), readEnvironment(settings, input.env, input.readTextFile), flags];
  const given = new Map(sources.flatMap(({ values }) => [...values]));
  const mistakes = sources.flatMap((source) => source.mistakes);
  const config: Record<string, unknown> = {};
  for (const [property, setting] of Object.entries(settings)) {
    const outcome = valueOf(setting, given.get(setting.key));
    if ('mistake' in outcome) mistakes.push(outcome.mistake);
    else config[property] = outcome.value;
  }
  const loaded = Object.freeze(config) as ConfigOf<S>;
  if (mistakes.length === 0) mistakes.push(...(request.check?.(loaded) ?? []));
  if (mistakes.length > 0) return { kind: 'invalid', mistakes };
  if (flags.printConfig) return { kind: 'print', text: printConfig(settings, loaded, given) };
  return { kind: 'config', config: loaded, unknownVariables: unknownVariables(settings, input.env) };
}

function readFile(settings: SettingTable, flags: FlagSource, input: ConfigInput): ConfigSource {
  const fromEnv = input.env['RW_CONFIG'];
  const file = flags.configFile ?? (fromEnv === '' ? undefined : fromEnv);
  if (file === undefined) return { values: new Map(), mistakes: [] };
  const where = flags.configFile === undefined ? 'RW_CONFIG' : '--config';
  try {
    return readYaml(settings, file, input.readTextFile(file));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { values: new Map(), mistakes: [{ where, detail: `cannot read ${file}: ${reason}` }] };
  }
}

type Outcome = { readonly value: unknown } | { readonly mistake: ConfigMistake };

function valueOf(setting: Setting<unknown>, given: GivenValue | undefined): Outcome {
  if (given === undefined) {
    if (!setting.required) return { value: setting.default };
    const detail = `required: ${setting.type.expected} (${setting.description})`;
    return { mistake: { where: `${setting.env} (or --${setting.flag}, or ${setting.key} in the file)`, detail } };
  }
  const value = setting.type.parse(given.raw);
  if (value !== undefined) return { value };
  const shown = setting.secret ? '' : `, found ${JSON.stringify(given.raw)}`;
  return { mistake: { where: given.where, detail: `expected ${setting.type.expected}${shown}` } };
}
