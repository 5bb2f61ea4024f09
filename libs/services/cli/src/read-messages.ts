import { decodeCapture, findDatagram, type CapturedFrame, type SkipReason } from '@rackwright/protocol-pcap';
import { CliFailure } from './cli-world.js';

/** One DHCP message of a file. */
export interface FileMessage {
  /** Frame of the capture, or line of the text. */
  readonly number: number;
  /** Seconds since the Unix epoch; absent in a text file. */
  readonly atSeconds?: number;
  readonly payload: Uint8Array;
  /** `10.0.0.1:68`; absent in a text file. */
  readonly from?: { readonly ip: string; readonly port: number };
  /** Destination port; 67 in a text file. */
  readonly port: number;
}

/** What a file holds, and what of it was left out and why. */
export interface MessageFile {
  readonly messages: readonly FileMessage[];
  readonly skipped: Readonly<Record<string, number>>;
  /** Frames or lines that were looked at. */
  readonly total: number;
  /** The capture ends inside a frame, here. */
  readonly cutAt?: number;
}

/** Server, client and PXE boot server: RFC 2131 section 4.1, PXE 2.1. */
const DHCP_PORTS: readonly number[] = [67, 68, 4011];
const SERVER_PORT = 67;
/** A text file is lines of printable characters. */
const TEXT = /^[\x20-\x7e\t\r\n]*$/;
const HEX_LINE = /^(?:[0-9a-f]{2})+$/i;

/** Reads a pcap or pcapng file, or text with one message in hexadecimal per line; `#` starts a comment. */
export function readMessages(bytes: Uint8Array): MessageFile {
  const capture = decodeCapture(bytes);
  if (capture.ok) return ofFrames(capture.value);
  if (capture.fault.code !== 'capture-unknown') {
    throw new CliFailure(`the capture is damaged at octet ${capture.fault.offset}: ${capture.fault.code}`);
  }
  const text = Buffer.from(bytes).toString('latin1');
  if (!TEXT.test(text)) throw new CliFailure('this is neither a pcap or pcapng file nor text with hexadecimal packets');
  return ofLines(text);
}

function ofFrames(capture: { readonly frames: readonly CapturedFrame[]; readonly cutAt?: number }): MessageFile {
  const messages: FileMessage[] = [];
  const skipped: Record<string, number> = {};
  for (const frame of capture.frames) {
    const found = findDatagram(frame);
    const reason = reasonOf(found);
    if (reason !== undefined) {
      skipped[reason] = (skipped[reason] ?? 0) + 1;
    } else if (found.kind === 'datagram') {
      const { payload, source, sourcePort, destinationPort } = found;
      const from = { ip: source, port: sourcePort };
      messages.push({ number: frame.number, atSeconds: frame.atSeconds, payload, from, port: destinationPort });
    }
  }
  const { cutAt } = capture;
  return { messages, skipped, total: capture.frames.length, ...(cutAt === undefined ? {} : { cutAt }) };
}

function reasonOf(found: ReturnType<typeof findDatagram>): SkipReason | 'other-port' | undefined {
  if (found.kind === 'skipped') return found.reason;
  const ports = [found.sourcePort, found.destinationPort];
  return ports.some((port) => DHCP_PORTS.includes(port)) ? undefined : 'other-port';
}

function ofLines(text: string): MessageFile {
  const messages: FileMessage[] = [];
  const lines = text.split(/\r?\n/);
  for (const [index, line] of lines.entries()) {
    const digits = line.replace(/#.*$/, '').replace(/[\s:]/g, '');
    if (digits === '') continue;
    if (!HEX_LINE.test(digits))
      throw new CliFailure(`line ${index + 1} is not a packet in hexadecimal, two digits per octet`);
    messages.push({ number: index + 1, payload: Uint8Array.from(Buffer.from(digits, 'hex')), port: SERVER_PORT });
  }
  return { messages, skipped: {}, total: lines.length };
}
