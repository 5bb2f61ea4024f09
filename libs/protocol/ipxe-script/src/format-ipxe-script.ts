import { fail, ok, type Result } from '@rackwright/kernel';
import type { IpxeCommand, IpxeStatement } from './ipxe-statement.js';
import { ipxeLabel, ipxeSettingName, ipxeWord, ipxeWords, type IpxeFault, type IpxeText } from './ipxe-word.js';

type Formatted = Result<string, IpxeFault>;

const MAX_SLEEP_SECONDS = 86_400;
const MAX_DRIVE = 0xff;
const MAX_STATUS = 0x7fffffff;

/** A refused statement; `line` counts statements from 1. */
export interface IpxeScriptFault extends IpxeFault {
  readonly line: number;
}

/** The script as text: `#!ipxe`, one command per line, LF line ends. Refuses what would not run as it was meant. */
export function formatIpxeScript(statements: readonly IpxeStatement[]): Result<string, IpxeScriptFault> {
  const labels = labelsOf(statements);
  const lines = ['#!ipxe'];
  const defined = new Set<string>();
  for (const [index, statement] of statements.entries()) {
    const formatted = formatStatement(statement, labels);
    if (!formatted.ok) return fail({ ...formatted.fault, line: index + 1 });
    if (statement.kind === 'label' && defined.has(statement.name)) {
      return fail({ code: 'label-repeated', text: statement.name, line: index + 1 });
    }
    if (statement.kind === 'label') defined.add(statement.name);
    lines.push(formatted.value);
  }
  return ok(`${lines.join('\n')}\n`);
}

function labelsOf(statements: readonly IpxeStatement[]): ReadonlySet<string> {
  return new Set(statements.flatMap((statement) => (statement.kind === 'label' ? [statement.name] : [])));
}

function formatStatement(statement: IpxeStatement, labels: ReadonlySet<string>): Formatted {
  switch (statement.kind) {
    case 'comment':
      return prefixed('# ', ipxeWords(statement.text));
    case 'label':
      return prefixed(':', ipxeLabel(statement.name));
    case 'or-else': {
      const second = statement.second === undefined ? ok('') : formatCommand(statement.second, labels);
      return joined([formatCommand(statement.first, labels), ok('||'), second]);
    }
    case 'and-then':
      return joined([formatCommand(statement.first, labels), ok('&&'), formatCommand(statement.second, labels)]);
    default:
      return formatCommand(statement, labels);
  }
}

function formatCommand(command: IpxeCommand, labels: ReadonlySet<string>): Formatted {
  switch (command.kind) {
    case 'echo':
      return withOperands('echo', [ipxeWords(command.text)]);
    case 'set':
      return withOperands('set', [ipxeSettingName(command.name), ipxeWords(command.value)]);
    case 'isset':
      return withOperands('isset', [ipxeWord(command.value)]);
    case 'iseq':
      return withOperands('iseq', [ipxeWord(command.left), ipxeWord(command.right)]);
    case 'goto':
      return withOperands('goto', [knownLabel(command.label, labels)]);
    case 'kernel':
    case 'initrd':
    case 'imgfetch':
    case 'chain':
      return formatFetch(command);
    default:
      return formatPlain(command);
  }
}

function knownLabel(name: string, labels: ReadonlySet<string>): Formatted {
  return labels.has(name) ? ipxeLabel(name) : fail({ code: 'label-unknown', text: name });
}

type FetchCommand = Extract<IpxeCommand, { readonly url: IpxeText }>;

function formatFetch(command: FetchCommand): Formatted {
  const url = ipxeWord(command.url);
  switch (command.kind) {
    case 'kernel':
      return withOperands('kernel', [url, ...command.args.map(ipxeWords)]);
    case 'chain':
      return withOperands(command.isReplacing ? 'chain --replace --autofree' : 'chain --autofree', [url]);
    default: {
      if (command.name === undefined) return withOperands(command.kind, [url]);
      return joined([ok(`${command.kind} --name`), ipxeLabelLike(command.name), url]);
    }
  }
}

/** An image name stands in kernel arguments such as `initrd=`, so it is kept to file name characters. */
function ipxeLabelLike(name: string): Formatted {
  return /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name) ? ok(name) : fail({ code: 'name-invalid', text: name });
}

type PlainCommand = Extract<IpxeCommand, { kind: 'dhcp' | 'imgfree' | 'boot' | 'sleep' | 'sanboot' | 'exit' }>;

function formatPlain(command: PlainCommand): Formatted {
  switch (command.kind) {
    case 'sleep':
      return joined([ok('sleep'), wholeNumber(command.seconds, MAX_SLEEP_SECONDS)]);
    case 'sanboot': {
      const drive = wholeNumber(command.drive, MAX_DRIVE);
      return drive.ok ? ok(`sanboot --no-describe --drive 0x${command.drive.toString(16)}`) : drive;
    }
    case 'exit':
      return command.status === undefined ? ok('exit') : joined([ok('exit'), wholeNumber(command.status, MAX_STATUS)]);
    default:
      return ok(command.kind);
  }
}

function wholeNumber(value: number, max: number): Formatted {
  const isValid = Number.isInteger(value) && value >= 0 && value <= max;
  return isValid ? ok(String(value)) : fail({ code: 'number-out-of-range', text: String(value) });
}

/** Options end at the first operand that does not look like one, so a leading dash needs `--` before it. */
function withOperands(command: string, operands: readonly Formatted[]): Formatted {
  const [first] = operands;
  const needsEnd = first?.ok === true && first.value.startsWith('-');
  return joined([ok(needsEnd ? `${command} --` : command), ...operands]);
}

function joined(parts: readonly Formatted[]): Formatted {
  const texts: string[] = [];
  for (const part of parts) {
    if (!part.ok) return part;
    texts.push(part.value);
  }
  return ok(texts.join(' ').trimEnd());
}

function prefixed(prefix: string, text: Formatted): Formatted {
  return text.ok ? ok(`${prefix}${text.value}`) : text;
}
