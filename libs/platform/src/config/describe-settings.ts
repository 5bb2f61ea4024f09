import { Document, isScalar } from 'yaml';
import type { GivenValue } from './config-source.js';
import type { Setting, SettingTable } from './setting.js';

const HIDDEN = '(hidden)';

/** The text of `--help`: every setting with its flag, environment names, YAML key, default and meaning. */
export function describeSettings(settings: SettingTable, name: string): string {
  const lines = [
    `Usage: ${name} [--config FILE] [--print-config] [--version] [--help] [settings]`,
    '',
    'A setting is taken from its flag, else its environment variable, else the YAML file, else its default.',
    '',
    '  --config FILE',
    '      YAML file with settings. Environment: RW_CONFIG',
    '  --print-config',
    '      Print the configuration in effect, secrets hidden, and end.',
  ];
  for (const setting of Object.values(settings)) lines.push(...describeSetting(setting));
  return [...lines, ''].join('\n');
}

function describeSetting(setting: Setting<unknown>): readonly string[] {
  const names = [...environmentNames(setting), ...setting.aliases];
  return [
    `  --${setting.flag}${setting.type.isSwitch === true ? '[=BOOL]' : ' VALUE'}`,
    `      ${setting.description}`,
    `      Environment: ${names.join(', ')}. YAML: ${setting.key}. ${describeDefault(setting)}`,
  ];
}

/** Our environment names of a setting; a secret may also come from a file. */
export function environmentNames({ env, secret }: Setting<unknown>): readonly string[] {
  return secret ? [env, `${env}_FILE`] : [env];
}

/** Whether a setting must be given, and what it is when it is not. */
export function describeDefault(setting: Setting<unknown>): string {
  if (setting.required) return `Required: ${setting.type.expected}.`;
  if (setting.default === undefined || setting.default === null) return `Optional: ${setting.type.expected}.`;
  const text = String(setting.type.format(setting.default));
  return `Default: ${text === '' ? 'empty' : text}.`;
}

/** The configuration in effect as YAML, each value with the place it came from. */
export function printConfig(
  settings: SettingTable,
  config: Readonly<Record<string, unknown>>,
  given: ReadonlyMap<string, GivenValue>,
): string {
  const document = new Document({});
  for (const [property, setting] of Object.entries(settings)) {
    const value = config[property];
    if (value === undefined || value === null) continue;
    const path = setting.key.split('.');
    document.setIn(path, document.createNode(setting.secret ? HIDDEN : plainValue(setting, value)));
    const node = document.getIn(path, true);
    if (isScalar(node)) node.comment = ` ${given.get(setting.key)?.where ?? 'default'}`;
  }
  return document.toString();
}

function plainValue(setting: Setting<unknown>, value: string | number | boolean | object): unknown {
  return typeof value === 'number' && setting.type.format(value) === String(value) ? value : setting.type.format(value);
}
