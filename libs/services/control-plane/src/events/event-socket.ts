import type { WebSocket } from 'ws';
import type { Cancel, Clock } from '@rackwright/kernel';
import type { MessageBus, StoredEvent } from '@rackwright/contracts';
import { repeat } from '../http/line-stream.js';
import type { EventFeed } from './event-feed.js';
import { isWanted, type EventFilter } from './event-filter.js';
import { EventReader } from './event-reader.js';
import { parseSocketMessage } from './socket-message.js';

const PING_MS = 30_000;
/** A client this far behind is dropped; it resumes by position. */
const MAX_BUFFERED_BYTES = 1_048_576;
/** Pause between two looks at the buffer of a client that is catching up. */
const ROOM_POLL_MS = 5;

/** Close codes, RFC 6455 section 7.4.1 and the IANA registry. */
export const closeCodes = { goingAway: 1001, unacceptable: 1008, restart: 1012, tryAgainLater: 1013 } as const;

export interface EventSocketParts {
  readonly bus: MessageBus;
  readonly feed: EventFeed;
  readonly clock: Clock;
}

/** One WebSocket client and its subscription. */
export class EventSocket implements AsyncDisposable {
  readonly #socket: WebSocket;
  readonly #parts: EventSocketParts;
  readonly #cancelPings: Cancel;
  #reader: EventReader | undefined;
  #filter: EventFilter;
  #isAnswering = true;

  constructor(socket: WebSocket, parts: EventSocketParts, start: { position: number; filter: EventFilter }) {
    this.#socket = socket;
    this.#parts = parts;
    this.#filter = start.filter;
    this.#cancelPings = repeat(parts.clock, PING_MS, () => {
      this.#ping();
    });
    socket.on('pong', () => {
      this.#isAnswering = true;
    });
    socket.on('message', (bytes, isBinary) => {
      this.#onMessage(isBinary ? '' : (bytes as Buffer).toString('utf8'));
    });
    this.#reader = EventReader.open(parts, start.position, {
      send: (stored) => {
        if (isWanted(stored.event, this.#filter)) this.#send(frameOf(stored));
      },
      room: () => this.#room(),
      restart: () => {
        socket.close(closeCodes.restart, 'the event stream started over');
      },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cancelPings();
    const reader = this.#reader;
    this.#reader = undefined;
    await reader?.[Symbol.asyncDispose]();
  }

  #send(frame: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount > MAX_BUFFERED_BYTES) {
      this.#drop();
      return;
    }
    this.#socket.send(frame);
  }

  /** The close frame waits behind what the client does not read, so the connection is cut soon after. */
  #drop(): void {
    this.#socket.close(closeCodes.tryAgainLater, 'too slow; resume with ?after=');
    this.#parts.clock.schedule(PING_MS, () => {
      this.#socket.terminate();
    });
  }

  async #room(): Promise<void> {
    const { clock } = this.#parts;
    while (this.#socket.readyState === this.#socket.OPEN && this.#socket.bufferedAmount > MAX_BUFFERED_BYTES / 4) {
      await new Promise<void>((resolve) => {
        clock.schedule(ROOM_POLL_MS, resolve);
      });
    }
  }

  #ping(): void {
    if (!this.#isAnswering) {
      this.#socket.terminate();
      return;
    }
    this.#isAnswering = false;
    this.#socket.ping();
  }

  #onMessage(text: string): void {
    const parsed = parseSocketMessage(text);
    if (!parsed.ok) {
      this.#send(JSON.stringify({ type: 'error', payload: { code: 'invalid-request', errors: parsed.fault } }));
      return;
    }
    this.#filter = parsed.value;
    const { idcs: idc, types } = parsed.value;
    this.#send(JSON.stringify({ type: 'subscribed', payload: { idc, types } }));
  }
}

function frameOf({ seq, event }: StoredEvent): string {
  const { task_id: taskId } = event.data;
  return JSON.stringify({ type: event.type, task_id: taskId, payload: { ...event, seq } });
}
