import type { JsMsg } from '@nats-io/jetstream';
import { LOG_STREAM, logSubject, type LogSource, type StoredLogLine } from '@rackwright/contracts';
import type { NatsBusOptions } from './nats-bus-options.js';
import { timedOut, toOperational } from './nats-faults.js';
import type { NatsLink, NatsSession } from './nats-link.js';
import { parseLogLine } from './stored-message.js';
import { openCursor } from './stream-cursor.js';

const READ_EXPIRES_MS = 5_000;

/** Which part of a log: lines behind `after`, at most `limit`. */
export interface LogRange {
  readonly after: number;
  readonly limit: number;
}

/** Reads stored lines of one task once, oldest first. */
export async function readLogLines(
  { link, options }: { readonly link: NatsLink; readonly options: NatsBusOptions },
  at: LogSource,
  range: LogRange,
): Promise<readonly StoredLogLine[]> {
  const session = link.session();
  try {
    const messages = await readMessages(session, { at, range, options });
    return messages.map(toStoredLine).filter((line) => line !== undefined);
  } catch (error) {
    throw toOperational(error, 'the log');
  }
}

async function readMessages(
  session: NatsSession,
  { at, range, options }: { readonly at: LogSource; readonly range: LogRange; readonly options: NatsBusOptions },
): Promise<readonly JsMsg[]> {
  const source = { stream: LOG_STREAM.name, subject: logSubject(at) };
  const cursor = await openCursor(session, source, { position: { after: range.after }, logger: options.logger });
  try {
    const expected = Math.min(cursor.pending, range.limit);
    const messages: JsMsg[] = [];
    if (expected <= 0) return messages;
    for await (const message of await cursor.consumer.fetch({ max_messages: expected, expires: READ_EXPIRES_MS })) {
      messages.push(message);
    }
    session.ended.throwIfAborted();
    if (messages.length < expected) throw timedOut('the log');
    return messages;
  } finally {
    await cursor.close();
  }
}

/** A line as the port delivers it; `undefined` when something else was published on its subject. */
export function toStoredLine(message: JsMsg): StoredLogLine | undefined {
  const line = parseLogLine(message.data);
  return line === undefined ? undefined : { seq: message.seq, line };
}
