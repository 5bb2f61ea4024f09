import type { Revision } from '@rackwright/contracts';
import type { Clock } from '@rackwright/kernel';
import type { IWatchRequest, IWatchResponse } from 'etcd3';
import { revisionOf, toChange } from './entry.js';
import { WATCH_CALL, type EtcdConnection } from './etcd-connection.js';
import { prefixRange } from './key-range.js';
import { RevisionBatches, type RevisionBatch } from './revision-batches.js';

/** etcd ended this watch by name: by compaction, for want of permission or of a leader. */
export class WatchCanceled extends Error {
  override readonly name = 'WatchCanceled';

  constructor(reason: string, compactRevision: Revision) {
    super(compactRevision > 0n ? `compacted up to revision ${compactRevision}` : reason);
  }
}

/** What a watch stream tells while it lasts. */
export interface WatchStreamListener {
  /** etcd has taken the watch on. */
  onAttached(): void;
  onBatch(batch: RevisionBatch): void;
  /** Everything up to this revision has been told. */
  onProgress(revision: Revision): void;
}

export interface WatchStreamOptions {
  readonly prefix: string;
  /** The first revision to tell of. */
  readonly startRevision: Revision;
  readonly attachTimeoutMs: number;
  readonly clock: Clock;
  /** Ends the stream. */
  readonly signal: AbortSignal;
}

/** The part of a gRPC duplex stream used here. */
interface DuplexStream {
  on(event: 'data', listener: (reply: IWatchResponse) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  write(request: IWatchRequest): void;
  end(): void;
  cancel(): void;
}

/** Watches through one gRPC stream of its own; settles only by rejecting with why the stream ended. */
export async function runWatchStream(
  connection: EtcdConnection,
  options: WatchStreamOptions,
  listener: WatchStreamListener,
): Promise<never> {
  const client = connection.client();
  const stream: DuplexStream = await client.watchClient.watch(WATCH_CALL);
  const { signal } = options;
  try {
    signal.throwIfAborted();
    return await follow(stream, options, listener);
  } catch (cause) {
    if (!signal.aborted && !(cause instanceof WatchCanceled)) connection.abandon(client);
    throw cause;
  } finally {
    // Ending first keeps etcd3 from taking the cancellation for a failure of the host.
    stream.end();
    stream.cancel();
  }
}

function follow(stream: DuplexStream, options: WatchStreamOptions, listener: WatchStreamListener): Promise<never> {
  const { clock, signal, attachTimeoutMs } = options;
  const batches = new RevisionBatches();
  return new Promise((_, reject) => {
    const stopWaiting = clock.schedule(attachTimeoutMs, () => {
      end(new Error(`the watch was not taken on within ${attachTimeoutMs} ms`));
    });
    const end = (cause: Error): void => {
      stopWaiting();
      signal.removeEventListener('abort', onAbort);
      reject(cause);
    };
    const onAbort = (): void => {
      end(new Error('the watch was disposed'));
    };
    signal.addEventListener('abort', onAbort);
    stream.on('error', end);
    stream.on('end', () => {
      end(new Error('etcd ended the watch stream'));
    });
    stream.on('data', (reply) => {
      if (reply.created) stopWaiting();
      if (reply.canceled) end(new WatchCanceled(reply.cancel_reason, BigInt(reply.compact_revision)));
      else dispatch(reply, batches, listener);
    });
    stream.write({ create_request: createRequest(options) });
  });
}

function createRequest(options: WatchStreamOptions): NonNullable<IWatchRequest['create_request']> {
  return {
    ...prefixRange(options.prefix),
    start_revision: String(options.startRevision),
    progress_notify: true,
    fragment: true,
  };
}

function dispatch(reply: IWatchResponse, batches: RevisionBatches, listener: WatchStreamListener): void {
  if (reply.created) {
    // Its header carries the revision of the store, which says nothing of what this watch has been told.
    listener.onAttached();
    return;
  }
  for (const batch of batches.accept(reply.events.map(toChange), reply.fragment)) listener.onBatch(batch);
  if (reply.events.length === 0 && !reply.fragment) listener.onProgress(revisionOf(reply));
}
