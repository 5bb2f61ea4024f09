import type { FastifyReply } from 'fastify';
import type { Clock } from '@rackwright/kernel';
import type { LogSource, MessageBus, ReadLogs, StoredLogLine } from '@rackwright/contracts';
import type { OpenStreams } from '../http/line-stream.js';

const DEFAULT_LINES = 100;

/** One line of an install log as the API shows it. */
export interface LogLineView {
  /** Position, for `after`. */
  readonly seq: number;
  readonly at: string;
  readonly text: string;
  readonly task_id: string;
}

export const LOG_PARTS = Symbol('LogParts');

/** What streaming a log takes. */
export interface LogParts {
  readonly bus: MessageBus;
  readonly clock: Clock;
  readonly streams: OpenStreams;
}

function lineView({ seq, line }: StoredLogLine): LogLineView {
  return { seq, at: line.at, text: line.text, task_id: line.task_id };
}

/** Stored lines of one attempt. */
export async function readLogLines(bus: MessageBus, source: LogSource, query: ReadLogs): Promise<LogLineView[]> {
  const { after = 0, limit = DEFAULT_LINES } = query;
  const lines = await bus.readLogs(source, { after, limit });
  return lines.map(lineView);
}

/** Streams the lines of one attempt, then new ones: NDJSON, or server-sent events if the client accepts those. */
export async function followLogLines(
  parts: LogParts,
  reply: FastifyReply,
  { source, after }: { readonly source: LogSource; readonly after: number },
): Promise<void> {
  // Before the answer starts, so that a bus that is away is answered with 503.
  await parts.bus.ping();
  const isSse = reply.request.headers.accept?.includes('text/event-stream') === true;
  const contentType = isSse ? 'text/event-stream' : 'application/x-ndjson';
  const stream = parts.streams.open(reply, { clock: parts.clock, contentType });
  const following = parts.bus.followLogs(source, after, async (stored) => {
    const json = JSON.stringify(lineView(stored));
    stream.write(isSse ? `id: ${String(stored.seq)}\ndata: ${json}\n\n` : `${json}\n`);
    await stream.room();
  });
  await stream.ended;
  await following[Symbol.asyncDispose]();
}
