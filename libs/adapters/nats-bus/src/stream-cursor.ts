import { AckPolicy, DeliverPolicy, type Consumer } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import type { Logger } from '@rackwright/kernel';
import type { NatsSession } from './nats-link.js';

/** A consumer nobody pulls from for this long is removed by the server. */
const ABANDONED_AFTER_MS = 60_000;

/** Which messages of which stream. */
export interface StreamSource {
  readonly stream: string;
  /** Only messages on this subject. */
  readonly subject?: string;
}

/** A server-side cursor over the messages behind a position. */
export interface StreamCursor {
  readonly consumer: Consumer;
  /** How many messages lay behind the position when the cursor was opened. */
  readonly pending: number;
  /** The position it really starts at: 0 when the stream had to be started over. */
  readonly after: number;
  /** When the stream was created: tells a stream from one that replaced it under the same name. */
  readonly createdAt: string;
  close(): Promise<void>;
}

/** A position in a stream, with the creation time of the stream it belongs to, when known. */
export interface StreamPosition {
  readonly after: number;
  readonly createdAt?: string | undefined;
}

/**
 * Opens a cursor behind `position`. A position beyond the stream's end, or of a stream that was replaced, means the
 * stream was lost: the cursor then starts at the first message of the new one.
 */
export async function openCursor(
  { manager, jetstream, ended }: NatsSession,
  source: StreamSource,
  { position, logger }: { readonly position: StreamPosition; readonly logger: Logger },
): Promise<StreamCursor> {
  const { created, state } = await manager.streams.info(source.stream);
  const isReplaced = position.createdAt !== undefined && position.createdAt !== created;
  const isLost = isReplaced || state.last_seq < position.after;
  if (isLost) {
    const fields = { stream: source.stream, after: position.after, last: state.last_seq };
    logger.warn(fields, 'nats stream was lost; reading starts over');
  }
  const after = isLost ? 0 : position.after;
  const info = await manager.consumers.add(source.stream, {
    ack_policy: AckPolicy.None,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: after + 1,
    inactive_threshold: nanos(ABANDONED_AFTER_MS),
    mem_storage: true,
    num_replicas: 1,
    ...(source.subject === undefined ? {} : { filter_subject: source.subject }),
  });
  const close = async (): Promise<void> => {
    if (ended.aborted) return;
    // The server removes it by itself after a while; asking is a courtesy.
    await manager.consumers.delete(source.stream, info.name).catch(() => undefined);
  };
  return {
    consumer: jetstream.consumers.getConsumerFromInfo(info),
    pending: info.num_pending,
    after,
    createdAt: created,
    close,
  };
}
