import { Command, CommanderError, Option } from 'commander';
import type { ConfigMistake } from './config-mistake.js';
import type { ConfigSource, GivenValue } from './config-source.js';
import type { SettingTable } from './setting.js';

/** What the command line says beside settings. */
export interface FlagSource extends ConfigSource {
  readonly configFile: string | undefined;
  readonly printConfig: boolean;
  readonly help: boolean;
  readonly version: boolean;
}

function declareFlags(settings: SettingTable): Command {
  const command = new Command()
    .exitOverride()
    .helpOption(false)
    .helpCommand(false)
    .configureOutput({ writeErr: () => undefined, writeOut: () => undefined })
    .option('--config <file>')
    .option('--print-config')
    .option('--version')
    .option('-h, --help');
  for (const { flag, type } of Object.values(settings)) {
    command.addOption(new Option(type.isSwitch === true ? `--${flag} [value]` : `--${flag} <value>`));
  }
  return command;
}

/** Reads settings from command-line arguments (without the interpreter and the script). */
export function readFlags(settings: SettingTable, argv: readonly string[]): FlagSource {
  const command = declareFlags(settings);
  const mistakes: ConfigMistake[] = [];
  try {
    const { operands, unknown } = command.parseOptions([...argv]);
    for (const word of operands) mistakes.push({ where: word, detail: 'unexpected argument' });
    const [first] = unknown;
    if (first !== undefined) mistakes.push({ where: first, detail: 'no such flag; see --help' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    mistakes.push({ where: 'command line', detail: error.message.replace(/^error: /, '') });
  }
  const options: Readonly<Record<string, unknown>> = command.opts();
  const values = new Map<string, GivenValue>();
  for (const { key, flag } of Object.values(settings)) {
    const given = options[new Option(`--${flag} <value>`).attributeName()];
    if (typeof given === 'string') values.set(key, { raw: given, where: `--${flag}` });
    else if (given === true) values.set(key, { raw: 'true', where: `--${flag}` });
  }
  return {
    values,
    mistakes,
    configFile: typeof options['config'] === 'string' ? options['config'] : undefined,
    printConfig: options['printConfig'] === true,
    help: options['help'] === true,
    version: options['version'] === true,
  };
}
