import { internetChecksum } from './internet-checksum.js';

/** Message types of RFC 792. */
const ECHO_REPLY = 0;
const ECHO = 8;
const ECHO_BYTES = 8;
const WORDS_OF_IPV4_HEADER = 0x0f;

/** What ties a reply to its request: RFC 792, echo. */
export interface EchoNumbers {
  readonly identifier: number;
  readonly sequence: number;
}

/** An echo request without content. */
export function encodeEcho({ identifier, sequence }: EchoNumbers): Buffer {
  const message = Buffer.alloc(ECHO_BYTES);
  message[0] = ECHO;
  message.writeUInt16BE(identifier, 4);
  message.writeUInt16BE(sequence, 6);
  message.writeUInt16BE(internetChecksum(message), 2);
  return message;
}

/** The numbers of an echo reply; `undefined` for every other message. */
export function decodeEchoReply(message: Uint8Array): EchoNumbers | undefined {
  const { buffer, byteOffset, length } = message;
  if (length < ECHO_BYTES || message[0] !== ECHO_REPLY || message[1] !== 0) return undefined;
  const view = new DataView(buffer, byteOffset, length);
  return { identifier: view.getUint16(4), sequence: view.getUint16(6) };
}

/** What an IPv4 packet carries behind its header; empty when it is cut short. */
export function payloadOf(packet: Uint8Array): Uint8Array {
  return packet.subarray(((packet[0] ?? 0) & WORDS_OF_IPV4_HEADER) * 4);
}
