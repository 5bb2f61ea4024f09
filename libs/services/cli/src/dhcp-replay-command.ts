import { Command, InvalidArgumentError } from 'commander';
import { CliFailure } from './cli-world.js';
import { outcomeText } from './explanation-text.js';
import { readMessages, type MessageFile } from './read-messages.js';
import { replayMessages, type Replayed } from './replay-messages.js';
import type { Session } from './session.js';
import { textTable } from './text-table.js';

/** Messages of one file that are asked about unless told otherwise. */
const DEFAULT_LIMIT = 1_000;
const MAX_LIMIT = 100_000;

interface ReplayFlags {
  readonly idc?: string;
  readonly interface?: string;
  readonly limit: number;
}

interface ReplayAnswer {
  readonly messages: readonly Replayed[];
  /** Frames that hold no DHCP message, or only a part of one, by reason. */
  readonly skipped: MessageFile['skipped'];
  readonly total: number;
  readonly left_out: number;
  readonly cut_at?: number;
}

function limitOf(text: string): number {
  const limit = Number(text);
  if (!/^\d{1,6}$/.test(text) || limit < 1 || limit > MAX_LIMIT) {
    throw new InvalidArgumentError(`must be a whole number from 1 to ${MAX_LIMIT}`);
  }
  return limit;
}

/** `rackctl dhcp replay`. */
export function dhcpReplayCommand(session: Session): Command {
  return new Command('replay')
    .description('Say what a region would answer to the DHCP messages of a file. Sends none of them, changes nothing.')
    .argument('<file>', 'pcap or pcapng, or text with one message in hexadecimal per line (# starts a comment)')
    .option('--idc <idc>', 'the data centre, where several are online')
    .option('--interface <name>', 'the interface of the region they come in on')
    .option('--limit <n>', 'messages to ask about', limitOf, DEFAULT_LIMIT)
    .action(async (path: string, { limit, ...place }: ReplayFlags) => {
      const file = readMessages(await read(session, path));
      if (file.messages.length === 0) throw new CliFailure(`${path} holds no DHCP message${skippedText(file.skipped)}`);
      const asked = file.messages.slice(0, limit);
      const answer: ReplayAnswer = {
        messages: await replayMessages(session.api(), asked, place),
        skipped: file.skipped,
        total: file.total,
        left_out: file.messages.length - asked.length,
        ...(file.cutAt === undefined ? {} : { cut_at: file.cutAt }),
      };
      session.show(answer, replayText);
    });
}

async function read(session: Session, path: string): Promise<Uint8Array> {
  try {
    return await session.readFile(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliFailure(`cannot read ${path}: ${reason}`, { cause: error });
  }
}

function skippedText(skipped: MessageFile['skipped']): string {
  const reasons = Object.entries(skipped).map(([reason, count]) => `${count} ${reason}`);
  return reasons.length === 0 ? '' : `; skipped: ${reasons.join(', ')}`;
}

function replayText({ messages, skipped, total, left_out, cut_at }: ReplayAnswer): string {
  const table = textTable(['#', 'MACHINE', 'MESSAGE', 'ANSWER', 'ADDRESS', 'BOOT', 'WHY'], messages.map(rowOf));
  const notes = [
    `${messages.length} of ${total} shown${skippedText(skipped)}`,
    ...(left_out === 0 ? [] : [`${left_out} more messages were left out: --limit`]),
    ...(cut_at === undefined ? [] : [`the capture ends inside a frame, at octet ${cut_at}`]),
  ];
  return `${table}\n${notes.join('\n')}\n`;
}

function rowOf({ number, explanation, recorded, too_long, from }: Replayed): readonly string[] {
  if (recorded !== undefined)
    return [String(number), '', recorded.type, 'recorded', recorded.address, '', `from ${from ?? 'the file'}`];
  if (explanation === undefined) {
    return [String(number), '', '', 'not asked', '', '', too_long === undefined ? 'empty' : `${too_long} octets`];
  }
  const { request, decision, fields } = explanation;
  const valueOf = (wanted: string): string => fields.find(({ name }) => name === wanted)?.value ?? '';
  return [
    String(number),
    request?.mac ?? '',
    request?.type ?? 'unreadable',
    outcomeText(explanation),
    valueOf('yiaddr'),
    decision.boot_refusal ?? valueOf('bootFile'),
    decision.reason,
  ];
}
