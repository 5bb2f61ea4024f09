import type { BootExplanation } from '@rackwright/contracts';
import { textTable } from './text-table.js';

const TITLE_WIDTH = 10;
const line = (title: string, text: string): string => `${title.padEnd(TITLE_WIDTH)}${text}\n`;

/** The answer to one packet in a few words. */
export function outcomeText({ decision }: BootExplanation): string {
  return decision.kind === 'silence' ? 'silence' : (decision.type ?? 'reply');
}

/** An explanation for people. */
export function explanationText(explanation: BootExplanation): string {
  const { request, reply, fields } = explanation;
  const parts = [request === undefined ? '' : requestLines(request), summary(explanation)];
  if (fields.length > 0) {
    const rows = fields.map(({ name, option, value, origin }) => [name, String(option ?? ''), value, origin]);
    parts.push(`\n${textTable(['FIELD', 'OPTION', 'VALUE', 'ORIGIN'], rows)}`);
  }
  if (reply !== undefined) {
    const rows = reply.options.map(({ code, name, value }) => [String(code), name, value]);
    parts.push(`\n${textTable(['OPTION', 'NAME', 'VALUE'], rows)}`);
    parts.push(`\n${line('packet', `${reply.size} octets`)}${reply.hex}\n`);
  }
  return parts.join('');
}

function requestLines({ type, mac, client, architectures }: NonNullable<BootExplanation['request']>): string {
  const program = client === 'none' ? 'an installed system' : `${client} client`;
  const architecture = architectures.length === 0 ? '' : `, architecture ${architectures.join(', ')}`;
  return line('request', `${type} from ${mac ?? 'no usable hardware address'}, ${program}${architecture}`);
}

function summary({ decision, subnet, script }: BootExplanation): string {
  const { type, reason, to, boot_refusal, missing_file, change } = decision;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['subnet', subnet && `${subnet.name} (${subnet.cidr})`],
    ['answer', type === undefined ? `none: ${reason}` : `${type}: ${reason}, to ${to ?? 'nobody'}`],
    ['changes', change && `would ${change}`],
    ['boot', boot_refusal && `nothing: ${[boot_refusal, missing_file].join(' ').trim()}`],
    ['script', script && `${script.script}: ${script.reason}`],
  ];
  return facts.map(([title, text]) => (text === undefined ? '' : line(title, text))).join('');
}
