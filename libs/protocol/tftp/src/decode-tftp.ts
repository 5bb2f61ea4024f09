import { malformed, ok, type DecodeFault, type Decoded } from '@rackwright/kernel';
import { ErrorCode, errorPacket, Opcode, type ErrorPacket, type TftpPacket, type TftpRequest } from './tftp-packet.js';

const HEADER_BYTES = 4;
/** The largest request RFC 2347 section 1 allows. */
const MAX_REQUEST_BYTES = 512;

/**
 * Decodes one datagram: RFC 1350 section 5, RFC 2347. `data` is a view of the input. Faults: `packet-too-short`,
 * `opcode-unknown`, `text-unterminated`, `request-too-long`, `option-value-missing`, `option-duplicated`.
 */
export function decodeTftp(bytes: Uint8Array): Decoded<TftpPacket> {
  if (bytes.length < HEADER_BYTES) return malformed('packet-too-short', bytes.length);
  const word = u16(bytes, 2);
  switch (u16(bytes, 0)) {
    case Opcode.RRQ:
      return decodeRequest('rrq', bytes);
    case Opcode.WRQ:
      return decodeRequest('wrq', bytes);
    case Opcode.DATA:
      return ok({ kind: 'data', block: word, data: bytes.subarray(HEADER_BYTES) });
    case Opcode.ACK:
      return ok({ kind: 'ack', block: word });
    case Opcode.ERROR:
      return ok({ kind: 'error', code: word, message: lenientText(bytes, HEADER_BYTES) });
    case Opcode.OACK: {
      const options = decodeOptions(bytes, 2);
      return options.ok ? ok({ kind: 'oack', options: options.value }) : options;
    }
    default:
      return malformed('opcode-unknown', 0);
  }
}

/**
 * The ERROR that answers a datagram sent to the request port that could not be decoded; `undefined` when nothing
 * should be sent, because the sender may be no TFTP client at all.
 */
export function errorFor(fault: DecodeFault): ErrorPacket | undefined {
  switch (fault.code) {
    case 'opcode-unknown':
      return errorPacket(ErrorCode.illegalOperation, 'unknown opcode');
    case 'option-duplicated':
    case 'option-value-missing':
      return errorPacket(ErrorCode.optionRefused, 'malformed options');
    case 'text-unterminated':
    case 'request-too-long':
      return errorPacket(ErrorCode.illegalOperation, 'malformed request');
    default:
      return undefined;
  }
}

function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
}

function decodeRequest(kind: TftpRequest['kind'], bytes: Uint8Array): Decoded<TftpRequest> {
  if (bytes.length > MAX_REQUEST_BYTES) return malformed('request-too-long', MAX_REQUEST_BYTES);
  const filename = text(bytes, 2);
  if (!filename.ok) return filename;
  const mode = text(bytes, filename.value.end);
  if (!mode.ok) return mode;
  const options = decodeOptions(bytes, mode.value.end);
  if (!options.ok) return options;
  return ok({ kind, filename: filename.value.text, mode: mode.value.text.toLowerCase(), options: options.value });
}

function decodeOptions(bytes: Uint8Array, start: number): Decoded<Map<string, string>> {
  const options = new Map<string, string>();
  let at = start;
  while (at < bytes.length) {
    const name = text(bytes, at);
    if (!name.ok) return name;
    if (name.value.end >= bytes.length) return malformed('option-value-missing', name.value.end);
    const value = text(bytes, name.value.end);
    if (!value.ok) return value;
    const key = name.value.text.toLowerCase();
    if (options.has(key)) return malformed('option-duplicated', at);
    options.set(key, value.value.text);
    at = value.value.end;
  }
  return ok(options);
}

/** The text up to the NUL that must end it; `end` is behind the NUL. */
function text(bytes: Uint8Array, start: number): Decoded<{ readonly text: string; readonly end: number }> {
  const nul = bytes.indexOf(0, start);
  if (nul === -1) return malformed('text-unterminated', start);
  return ok({ text: utf8(bytes, start, nul), end: nul + 1 });
}

/** The message of an ERROR ends the transfer whatever it says, so a missing NUL is no reason to ignore the packet. */
function lenientText(bytes: Uint8Array, start: number): string {
  const nul = bytes.indexOf(0, start);
  return utf8(bytes, start, nul === -1 ? bytes.length : nul);
}

function utf8(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8');
}
