import { Opcode, type TftpOptions, type TftpPacket } from './tftp-packet.js';

const HEADER_BYTES = 4;

/** Encodes one packet: RFC 1350 section 5, RFC 2347. NUL in a text would end it early and is left out. */
export function encodeTftp(packet: TftpPacket): Uint8Array {
  switch (packet.kind) {
    case 'rrq':
    case 'wrq':
      return withOpcode(Opcode[packet.kind === 'rrq' ? 'RRQ' : 'WRQ'], [
        packet.filename,
        packet.mode,
        ...optionTexts(packet.options),
      ]);
    case 'oack':
      return withOpcode(Opcode.OACK, optionTexts(packet.options));
    case 'data': {
      const bytes = header(Opcode.DATA, packet.block, packet.data.length);
      bytes.set(packet.data, HEADER_BYTES);
      return bytes;
    }
    case 'ack':
      return header(Opcode.ACK, packet.block, 0);
    case 'error': {
      const message = zeroTerminated([packet.message]);
      const bytes = header(Opcode.ERROR, packet.code, message.length);
      bytes.set(message, HEADER_BYTES);
      return bytes;
    }
  }
}

function header(opcode: number, word: number, bodyBytes: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + bodyBytes);
  bytes[1] = opcode;
  bytes[2] = word >>> 8;
  bytes[3] = word;
  return bytes;
}

function withOpcode(opcode: number, texts: readonly string[]): Uint8Array {
  const body = zeroTerminated(texts);
  const bytes = new Uint8Array(2 + body.length);
  bytes[1] = opcode;
  bytes.set(body, 2);
  return bytes;
}

function zeroTerminated(texts: readonly string[]): Uint8Array {
  return Buffer.from(texts.map((text) => `${text.replaceAll('\0', '')}\0`).join(''), 'utf8');
}

function optionTexts(options: TftpOptions): string[] {
  return [...options].flat();
}
