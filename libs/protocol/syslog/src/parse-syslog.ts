import { parseStructuredData } from './structured-data.js';
import { DEFAULT_PRIORITY, splitPriority, type SyslogMessage } from './syslog-message.js';
import { TextCursor } from './text-cursor.js';

/** Octets of a message that are read: RFC 5424 section 6.1 asks for 2048, and kernels send traces of several KiB. */
export const MAX_MESSAGE_BYTES = 8_192;

const utf8 = new TextDecoder('utf-8', { fatal: false });

/**
 * Reads a message of RFC 5424 or RFC 3164; one that follows neither is all text, as RFC 3164 section 4.3 has relays treat
 * it. Never fails; octets beyond {@link MAX_MESSAGE_BYTES} are left out, and others than UTF-8 become U+FFFD.
 */
export function parseSyslog(bytes: Uint8Array): SyslogMessage {
  const text = utf8.decode(bytes.subarray(0, MAX_MESSAGE_BYTES));
  const cursor = new TextCursor(text);
  const priority = parsePriority(cursor);
  if (priority === undefined) return plain(text);
  return parseRfc5424(cursor, priority) ?? parseRfc3164(cursor, priority);
}

type Priority = Pick<SyslogMessage, 'facility' | 'severity'>;

/** PRI: RFC 5424 section 6.2.1. */
function parsePriority(cursor: TextCursor): Priority | undefined {
  const digits = /<(0|[1-9]\d{0,2})>/y;
  const found = cursor.match(digits)?.[1];
  return found === undefined ? undefined : splitPriority(Number(found));
}

function plain(text: string): SyslogMessage {
  const priority = splitPriority(DEFAULT_PRIORITY) ?? { facility: 'user', severity: 'notice' };
  return { format: 'plain', ...priority, structuredData: [], text: trimmed(text) };
}

/** HEADER: RFC 5424 section 6.2; fields longer than it allows are met and harmless. */
const HEADER = /1 ([!-~]{1,64}) ([!-~]{1,255}) ([!-~]{1,128}) ([!-~]{1,128}) ([!-~]{1,64}) /y;
const NIL = '-';
const BYTE_ORDER_MARK = '\uFEFF';

function parseRfc5424(cursor: TextCursor, priority: Priority): SyslogMessage | undefined {
  const header = cursor.match(HEADER);
  if (header === undefined) return undefined;
  const before = cursor.rest;
  const structuredData = parseStructuredData(cursor);
  const isWhole = structuredData !== undefined && (cursor.rest === '' || cursor.rest.startsWith(' '));
  // Structured data that breaks its grammar is shown rather than lost.
  const text = isWhole ? cursor.rest.slice(1) : before;
  const [, timestamp, hostname, appName, procId, msgId] = header;
  return {
    format: 'rfc5424',
    ...priority,
    ...present({ timestamp, hostname, appName, procId, msgId }),
    structuredData: isWhole ? structuredData : [],
    text: trimmed(text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text),
  };
}

type Names = 'timestamp' | 'hostname' | 'appName' | 'procId' | 'msgId';

function present(fields: Readonly<Partial<Record<Names, string | undefined>>>): Partial<Record<Names, string>> {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined && value !== NIL);
  return Object.fromEntries(given);
}

/** TIMESTAMP: RFC 3164 section 4.1.2, or that of RFC 5424, which many put into the older format. */
const STAMP =
  /((?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (?: \d|\d\d) \d\d:\d\d:\d\d(?:\.\d{1,6})?|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) /y;
/** A host name, unless it is already the tag: busybox sends none. */
const HOSTNAME = /([A-Za-z0-9](?:[A-Za-z0-9._:-]{0,253}[A-Za-z0-9])?) (?=\S)/y;
/** TAG and what follows it: RFC 3164 section 4.1.3; programs use more than 32 letters and digits. */
const TAG = /([\w./@-]{1,64})(?:\[([^\]\s]{1,64})\])?:(?: |$)/y;

function parseRfc3164(cursor: TextCursor, priority: Priority): SyslogMessage {
  const timestamp = cursor.match(STAMP)?.[1];
  const hostname = timestamp === undefined ? undefined : cursor.match(HOSTNAME)?.[1];
  const tag = cursor.match(TAG);
  return {
    format: 'rfc3164',
    ...priority,
    ...present({ timestamp, hostname, appName: tag?.[1], procId: tag?.[2] }),
    structuredData: [],
    text: trimmed(cursor.rest),
  };
}

/** Senders end a message with a line break or a NUL, as in a stream. */
function trimmed(text: string): string {
  return text.replace(/[\0\r\n]+$/, '');
}
