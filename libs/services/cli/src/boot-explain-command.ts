import { Command, InvalidArgumentError, Option } from 'commander';
import type { BootExplanation, ExplainBoot } from '@rackwright/contracts';
import type { Session } from './session.js';
import { explanationText } from './explanation-text.js';

/** A flag that becomes a field of the question as it stands; the server knows what is valid. */
interface FactFlag {
  readonly flag: string;
  readonly field: keyof ExplainBoot | `relay.${string}`;
  readonly about: string;
  readonly choices?: readonly string[];
}

const facts: readonly FactFlag[] = [
  { flag: '--mac <mac>', field: 'mac', about: 'the machine, in any spelling' },
  { flag: '--client <kind>', field: 'client', about: 'what asks (pxe)', choices: ['pxe', 'http', 'ipxe', 'os'] },
  {
    flag: '--type <type>',
    field: 'type',
    about: 'message type (discover)',
    choices: ['discover', 'request', 'decline', 'release', 'inform'],
  },
  { flag: '--user-class <text>', field: 'user_class', about: 'option 77, e.g. iPXE' },
  { flag: '--vendor-class <text>', field: 'vendor_class', about: 'option 60 instead of the usual one' },
  { flag: '--uuid <uuid>', field: 'uuid', about: 'option 97' },
  { flag: '--hostname <name>', field: 'hostname', about: 'option 12' },
  { flag: '--client-id <hex>', field: 'client_id', about: 'option 61' },
  { flag: '--relay <ip>', field: 'giaddr', about: 'the relay it comes through' },
  { flag: '--circuit-id <hex>', field: 'relay.circuit_id', about: 'option 82 sub-option 1' },
  { flag: '--remote-id <hex>', field: 'relay.remote_id', about: 'option 82 sub-option 2' },
  { flag: '--link-selection <ip>', field: 'relay.link_selection', about: 'option 82 sub-option 5' },
  { flag: '--server-override <ip>', field: 'relay.server_override', about: 'option 82 sub-option 11' },
  { flag: '--ciaddr <ip>', field: 'ciaddr', about: 'the address it has' },
  { flag: '--requested-ip <ip>', field: 'requested_ip', about: 'option 50' },
  { flag: '--server-id <ip>', field: 'server_id', about: 'option 54' },
  { flag: '--subnet-selection <ip>', field: 'subnet_selection', about: 'option 118' },
  { flag: '--packet <hex>', field: 'packet', about: 'a whole DHCP message instead of all of the above' },
  { flag: '--interface <name>', field: 'interface', about: 'the interface of the region it comes in on' },
  { flag: '--service <name>', field: 'service', about: 'its port: 67 or 4011', choices: ['dhcp', 'boot-server'] },
  { flag: '--idc <idc>', field: 'idc', about: 'the data centre, where several are online' },
];

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('must be a whole number');
  return Number(text);
}

/** `rackctl boot explain`. */
export function bootExplainCommand(session: Session): Command {
  const command = new Command('explain')
    .description('Say what a region would answer to a machine, and where every value comes from. Changes nothing.')
    .option('--arch <code>', 'architecture code, option 93 (7)', wholeNumber);
  for (const { flag, about, choices } of facts) {
    const option = new Option(flag, about);
    command.addOption(choices === undefined ? option : option.choices(choices));
  }
  command.addHelpText(
    'after',
    '\nExamples:\n  rackctl boot explain --mac 52:54:00:aa:00:01 --arch 7\n  rackctl boot explain --mac 52:54:00:aa:00:01 --client ipxe --relay 10.77.0.1 --idc dc1',
  );
  return command.action(async (given: Record<string, unknown>) => {
    const question = questionOf(command, given);
    if (question.mac === undefined && question.packet === undefined) {
      command.error("error: give '--mac <mac>' or '--packet <hex>'");
    }
    const answer = (await session.api().post('/api/v1/boot/explain', question)) as BootExplanation;
    session.show(answer, explanationText);
  });
}

function questionOf(command: Command, given: Record<string, unknown>): Partial<ExplainBoot> {
  const question: Record<string, unknown> = {};
  const relay: Record<string, unknown> = {};
  if (given['arch'] !== undefined) question['arch'] = given['arch'];
  for (const { flag, field } of facts) {
    const option = command.options.find((each) => each.flags === flag);
    const value = option === undefined ? undefined : given[option.attributeName()];
    if (value === undefined) continue;
    if (field.startsWith('relay.')) relay[field.slice('relay.'.length)] = value;
    else question[field] = field === 'packet' ? hexDigits(value as string) : value;
  }
  return { ...question, ...(Object.keys(relay).length === 0 ? {} : { relay }) };
}

/** Dumps are copied with blanks and colons. */
function hexDigits(text: string): string {
  return text.replace(/[\s:]/g, '').replace(/^0x/i, '');
}
