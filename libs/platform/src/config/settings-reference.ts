import { describeDefault, environmentNames } from './describe-settings.js';
import type { Setting, SettingTable } from './setting.js';

const HEAD = ['Environment', 'YAML key', 'Flag', 'Form and default', 'Meaning', 'Earlier names'] as const;

/** The settings of a service as a Markdown table: the reference kept in `docs/reference`. */
export function settingsReference(settings: SettingTable, name: string): string {
  const rows = Object.values(settings).map((setting) => [
    environmentNames(setting).map(code).join(', '),
    code(setting.key),
    code(`--${setting.flag}`),
    formAndDefault(setting),
    setting.description,
    setting.aliases.map(code).join(', '),
  ]);
  const lines = [HEAD, HEAD.map(() => '---'), ...rows].map((cells) => `| ${cells.map(escapeCell).join(' | ')} |`);
  return [
    `# Settings of the ${name} service`,
    '',
    'Written from the settings table of the service by `npm run reference:renew`; a test fails when it is out of date.',
    'How the sources combine is in [settings.md](settings.md).',
    '',
    ...lines,
    '',
  ].join('\n');
}

/** Without a default, what {@link describeDefault} says names the form already. */
function formAndDefault(setting: Setting<unknown>): string {
  const text = describeDefault(setting);
  return text.startsWith('Default') ? `${upperFirst(setting.type.expected)}. ${text}` : text;
}

function code(text: string): string {
  return `\`${text}\``;
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function upperFirst(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
