import { crc32 } from 'node:zlib';

/** What a line of a segment says: a record, or that every record up to a position is forgotten. */
export type JournalEntry =
  | { readonly kind: 'record'; readonly position: number; readonly payload: string }
  | { readonly kind: 'truncation'; readonly position: number };

const NEWLINE = 0x0a;
const CHECKED_PREFIX = /^(\d{1,10}) ([0-9a-f]{8}) /;
const BODY = /^([AT])(\d{1,16})(?: (.*))?$/s;

/** Line breaks frame records, so a payload holds none: `%0A` stands for one and `%25` for the escape itself. */
function escape(payload: string): string {
  return /[%\n]/.test(payload) ? payload.replaceAll('%', '%25').replaceAll('\n', '%0A') : payload;
}

function unescape(text: string): string {
  return text.includes('%') ? text.replaceAll('%0A', '\n').replaceAll('%25', '%') : text;
}

/** One line: `{length} {crc32} {A|T}{position}[ {payload}]\n`; length and checksum cover what follows them. */
export function encodeEntry(entry: JournalEntry): Buffer {
  const body = entry.kind === 'record' ? `A${entry.position} ${escape(entry.payload)}` : `T${entry.position}`;
  const octets = Buffer.from(body);
  const check = crc32(octets).toString(16).padStart(8, '0');
  return Buffer.concat([Buffer.from(`${octets.length} ${check} `), octets, Buffer.from('\n')]);
}

function decodeLine(line: Buffer): JournalEntry | undefined {
  const head = CHECKED_PREFIX.exec(line.toString('latin1', 0, 24));
  const [prefix, length, check] = head ?? [];
  if (prefix === undefined || check === undefined) return undefined;
  const octets = line.subarray(prefix.length);
  if (octets.length !== Number(length) || crc32(octets) !== parseInt(check, 16)) return undefined;
  const [, kind, digits, payload = ''] = BODY.exec(octets.toString()) ?? [];
  if (digits === undefined) return undefined;
  const position = Number(digits);
  return kind === 'A' ? { kind: 'record', position, payload: unescape(payload) } : { kind: 'truncation', position };
}

/** What a segment file holds. */
export interface SegmentScan {
  readonly entries: readonly JournalEntry[];
  /** Whole lines that fail their check: octets changed after they were written. */
  readonly damaged: number;
  /** Octets up to the last line break; what follows is a line that was never finished. */
  readonly soundBytes: number;
}

/** Reads every line of a segment. */
export function scanSegment(content: Buffer): SegmentScan {
  const entries: JournalEntry[] = [];
  let damaged = 0;
  let start = 0;
  for (let end = content.indexOf(NEWLINE); end !== -1; end = content.indexOf(NEWLINE, start)) {
    const entry = decodeLine(content.subarray(start, end));
    if (entry === undefined) damaged += 1;
    else entries.push(entry);
    start = end + 1;
  }
  return { entries, damaged, soundBytes: start };
}
