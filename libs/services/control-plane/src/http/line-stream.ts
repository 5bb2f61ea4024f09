import type { FastifyReply } from 'fastify';
import type { Cancel, Clock } from '@rackwright/kernel';

/** Proxies close what stays silent for 30 s and more. */
const HEARTBEAT_MS = 15_000;
/** A reader this far behind is cut; it resumes by position. */
const MAX_BUFFERED_BYTES = 1_048_576;

/** Every streamed answer of the process, so that they can be ended before the server closes. */
export class OpenStreams implements AsyncDisposable {
  readonly #open = new Set<LineStream>();
  #isClosing = false;

  /** Starts a streamed answer. */
  open(reply: FastifyReply, options: StreamOptions): LineStream {
    const stream = new LineStream(reply, options, () => void this.#open.delete(stream));
    this.#open.add(stream);
    if (this.#isClosing) stream.end();
    return stream;
  }

  get size(): number {
    return this.#open.size;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true;
    for (const stream of this.#open) stream.end();
    return Promise.resolve();
  }
}

export interface StreamOptions {
  readonly clock: Clock;
  readonly contentType: 'text/event-stream' | 'application/x-ndjson';
}

/** An answer that is written line by line until one side has enough. */
export class LineStream {
  readonly #reply: FastifyReply;
  readonly #ended = Promise.withResolvers<undefined>();
  readonly #cancelHeartbeats: Cancel;
  #isEnded = false;

  constructor(reply: FastifyReply, options: StreamOptions, onEnded: () => void) {
    this.#reply = reply;
    void reply.hijack();
    const { raw } = reply;
    for (const [name, value] of Object.entries(reply.getHeaders())) {
      if (value !== undefined) raw.setHeader(name, value);
    }
    raw.writeHead(200, {
      'content-type': options.contentType,
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    raw.flushHeaders();
    raw.once('close', () => {
      this.#finish(onEnded);
    });
    const beat = options.contentType === 'text/event-stream' ? ': still here\n\n' : '\n';
    this.#cancelHeartbeats = repeat(options.clock, HEARTBEAT_MS, () => {
      this.write(beat);
    });
  }

  /** Resolves once the stream is over, whoever ended it. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Writes text; cuts a reader that does not keep up. */
  write(text: string): void {
    if (this.#isEnded) return;
    this.#reply.raw.write(text);
    if (this.#reply.raw.writableLength > MAX_BUFFERED_BYTES) this.#reply.raw.destroy();
  }

  /** Resolves once there is room for more, or the stream is over; for writers that can be faster than the reader. */
  async room(): Promise<void> {
    const { raw } = this.#reply;
    if (this.#isEnded || !raw.writableNeedDrain) return;
    await Promise.race([this.ended, new Promise((resolve) => raw.once('drain', resolve))]);
  }

  /** Ends the answer after what has been written. */
  end(): void {
    if (!this.#isEnded) this.#reply.raw.end();
  }

  #finish(onEnded: () => void): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#cancelHeartbeats();
    onEnded();
    this.#ended.resolve(undefined);
  }
}

/** Calls `task` every `intervalMs` until cancelled. */
export function repeat(clock: Clock, intervalMs: number, task: () => void): Cancel {
  let cancel = clock.schedule(intervalMs, tick);
  let isOver = false;
  function tick(): void {
    task();
    if (!isOver) cancel = clock.schedule(intervalMs, tick);
  }
  return () => {
    isOver = true;
    cancel();
  };
}
