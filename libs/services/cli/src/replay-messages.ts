import type { BootExplanation, BootReplay } from '@rackwright/contracts';
import { BootpOp, decodeDhcp, MessageType, messageTypeOf } from '@rackwright/protocol-dhcp4';
import type { ApiClient } from './api-client.js';
import { CliFailure } from './cli-world.js';
import type { FileMessage } from './read-messages.js';

/** One message of a file and what became of it. */
export interface Replayed {
  readonly number: number;
  readonly at?: string;
  readonly from?: string;
  /** What the region would do with a request. */
  readonly explanation?: BootExplanation;
  /** What a server answered when the file was recorded. */
  readonly recorded?: { readonly type: string; readonly address: string };
  /** The message is not asked about: it is longer than any DHCP message. */
  readonly too_long?: number;
}

/** Of the API: packets in one conversation, and octets of one packet. */
const MAX_PACKETS = 50;
const MAX_PACKET_BYTES = 4_096;
const CHADDR = { start: 28, end: 44 };

const typeNames = new Map<number, string>(Object.entries(MessageType).map(([name, type]) => [type, name]));

/** Asks about every request of a file, the messages of each machine as conversations of their own. */
export async function replayMessages(
  api: ApiClient,
  messages: readonly FileMessage[],
  place: { readonly idc?: string; readonly interface?: string },
): Promise<readonly Replayed[]> {
  const explanations = new Map<FileMessage, BootExplanation>();
  for (const conversation of conversationsOf(messages.filter(isAskable))) {
    const packets = conversation.map(packetOf);
    const answer = (await api.post('/api/v1/boot/replay', { ...place, packets })) as BootReplay;
    if (answer.explanations.length !== packets.length)
      throw new CliFailure('the server explained other packets than it was asked');
    for (const [index, message] of conversation.entries()) {
      const explanation = answer.explanations[index];
      if (explanation !== undefined) explanations.set(message, explanation);
    }
  }
  return messages.map((message) => replayedOf(message, explanations.get(message)));
}

const isReply = ({ payload }: FileMessage): boolean => payload[0] === BootpOp.BOOTREPLY;

function isAskable(message: FileMessage): boolean {
  return message.payload.length > 0 && message.payload.length <= MAX_PACKET_BYTES && !isReply(message);
}

function packetOf({ payload, from, port }: FileMessage): object {
  return {
    packet: Buffer.from(payload).toString('hex'),
    service: port === 4011 ? 'boot-server' : 'dhcp',
    ...(from === undefined ? {} : { source_port: Math.max(from.port, 1) }),
    ...(from === undefined || from.ip === '0.0.0.0' ? {} : { source_ip: from.ip }),
  };
}

/** A hold lasts for one question, so what one machine sent stays together as far as a question is long. */
function conversationsOf(messages: readonly FileMessage[]): readonly (readonly FileMessage[])[] {
  const byMachine = Map.groupBy(messages, ({ payload }) =>
    Buffer.from(payload.subarray(CHADDR.start, CHADDR.end)).toString('hex'),
  );
  const conversations: FileMessage[][] = [];
  for (const own of byMachine.values()) {
    for (let start = 0; start < own.length; start += MAX_PACKETS) {
      const part = own.slice(start, start + MAX_PACKETS);
      const last = conversations.at(-1);
      if (last !== undefined && last.length + part.length <= MAX_PACKETS) last.push(...part);
      else conversations.push(part);
    }
  }
  return conversations;
}

function replayedOf(message: FileMessage, explanation: BootExplanation | undefined): Replayed {
  const { number, atSeconds, from, payload } = message;
  return {
    number,
    ...(atSeconds === undefined ? {} : { at: new Date(atSeconds * 1_000).toISOString() }),
    ...(from === undefined ? {} : { from: `${from.ip}:${from.port}` }),
    ...(explanation === undefined ? {} : { explanation }),
    ...(isReply(message) ? { recorded: recordedOf(payload) } : {}),
    ...(payload.length > MAX_PACKET_BYTES ? { too_long: payload.length } : {}),
  };
}

function recordedOf(payload: Uint8Array): NonNullable<Replayed['recorded']> {
  const packet = decodeDhcp(payload);
  if (!packet.ok) return { type: packet.fault.code, address: '' };
  const type = messageTypeOf(packet.value);
  const { yiaddr } = packet.value;
  return { type: type === undefined ? 'BOOTREPLY' : (typeNames.get(type) ?? `type ${type}`), address: yiaddr };
}
