import type { ConfigMistake } from './config-mistake.js';
import type { ConfigSource, GivenValue } from './config-source.js';
import type { Setting, SettingTable } from './setting.js';

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads a whole text file; throws as `node:fs` does. */
export type ReadTextFile = (path: string) => string;

/** A variable set to the empty string counts as not set, as compose files and unit files produce them. */
function valueOf(env: Environment, name: string): string | undefined {
  const value = env[name];
  return value === '' ? undefined : value;
}

/** Reads settings from environment variables, their aliases and, for secrets, the files they point to. */
export function readEnvironment(settings: SettingTable, env: Environment, readTextFile: ReadTextFile): ConfigSource {
  const values = new Map<string, GivenValue>();
  const mistakes: ConfigMistake[] = [];
  for (const setting of Object.values(settings)) {
    const given = findGiven(setting, env, readTextFile);
    if (given === undefined) continue;
    if ('detail' in given) mistakes.push(given);
    else values.set(setting.key, given);
  }
  return { values, mistakes };
}

function findGiven(
  setting: Setting<unknown>,
  env: Environment,
  readTextFile: ReadTextFile,
): GivenValue | ConfigMistake | undefined {
  for (const name of [setting.env, ...setting.aliases]) {
    const raw = valueOf(env, name);
    const file = setting.secret ? valueOf(env, `${name}_FILE`) : undefined;
    if (raw !== undefined && file !== undefined) {
      return { where: name, detail: `given twice: set either ${name} or ${name}_FILE` };
    }
    if (raw !== undefined) return { raw, where: name };
    if (file !== undefined) return readSecret(`${name}_FILE`, file, readTextFile);
  }
  return undefined;
}

function readSecret(where: string, path: string, readTextFile: ReadTextFile): GivenValue | ConfigMistake {
  try {
    return { raw: readTextFile(path).trim(), where };
  } catch (error) {
    return { where, detail: `cannot read ${path}: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** Our variables that no setting declares: probably misspelt. */
export function unknownVariables(settings: SettingTable, env: Environment): readonly string[] {
  const declared = new Set(
    Object.values(settings).flatMap(({ env: name, aliases }) => [name, ...aliases].flatMap((n) => [n, `${n}_FILE`])),
  );
  declared.add('RW_CONFIG');
  return Object.keys(env).filter((name) => name.startsWith('RW_') && !declared.has(name));
}
