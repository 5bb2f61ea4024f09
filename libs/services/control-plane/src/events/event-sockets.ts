import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { STATUS_CODES } from 'node:http';
import { WebSocketServer, type WebSocket } from 'ws';
import { checkDocument, ReadEvents } from '@rackwright/contracts';
import { answerError, defineGauge, ProblemError, renderProblem, type Metrics } from '@rackwright/platform';
import { filterOf } from './event-sse.js';
import { closeCodes, EventSocket, type EventSocketParts } from './event-socket.js';
import { startPosition } from './event-reader.js';
import { isOriginAllowed } from './socket-origin.js';

/** Sockets cost memory and a buffer each. */
const MAX_CLIENTS = 1_000;
/** The longest subscription a client can state. */
const MAX_MESSAGE_BYTES = 16_384;
const SOCKET_PATH = '/ws';
/** Time for clients to answer the close frame of a service that stops. */
const CLOSE_GRACE_MS = 1_000;

const clients = defineGauge({ name: 'rw_websocket_clients', help: 'Open WebSocket connections' });

export interface EventSocketsParts extends EventSocketParts {
  readonly metrics: Metrics;
  /** Origins besides this service's own whose pages may connect. */
  readonly origins: readonly string[];
}

/** `/ws`: events as they happen, one JSON object per frame. */
export class EventSockets implements AsyncDisposable {
  readonly #parts: EventSocketsParts;
  readonly #server: Server;
  readonly #webSockets = new WebSocketServer({ noServer: true, clientTracking: false, maxPayload: MAX_MESSAGE_BYTES });
  readonly #open = new Map<WebSocket, EventSocket>();
  #opening = 0;

  constructor(server: Server, parts: EventSocketsParts) {
    this.#parts = parts;
    this.#server = server;
    parts.metrics.gauge(clients).readFrom(() => this.#open.size);
    server.on('upgrade', this.#onUpgrade);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.off('upgrade', this.#onUpgrade);
    const open = [...this.#open];
    this.#open.clear();
    const closed = open.map(([socket]) => new Promise((resolve) => socket.once('close', resolve)));
    for (const [socket] of open) socket.close(closeCodes.goingAway, 'the service is stopping');
    await Promise.all(open.map(([, client]) => client[Symbol.asyncDispose]()));
    const cancel = this.#parts.clock.schedule(CLOSE_GRACE_MS, () => {
      for (const [socket] of open) socket.terminate();
    });
    await Promise.all(closed);
    cancel();
  }

  readonly #onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    this.#opening += 1;
    socket.on('error', ignoreBrokenSocket);
    this.#accept(request, socket, head)
      .catch((error: unknown) => {
        refuse(socket, error);
      })
      .finally(() => {
        this.#opening -= 1;
      });
  };

  async #accept(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const query = this.#check(request);
    const position = await startPosition(this.#parts.bus, query.after);
    socket.off('error', ignoreBrokenSocket);
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      this.#adopt(webSocket, { position, filter: filterOf(query) });
    });
  }

  #check(request: IncomingMessage): ReadEvents {
    const url = new URL(request.url ?? '', 'http://localhost');
    if (url.pathname !== SOCKET_PATH) throw new ProblemError('route-not-found', `Nothing to upgrade at this path`);
    if (!isOriginAllowed(request.headers, this.#parts.origins)) {
      throw new ProblemError('forbidden', 'Pages of this origin may not connect');
    }
    if (this.#open.size + this.#opening > MAX_CLIENTS) throw new ProblemError('unavailable', 'Too many connections');
    const query = checkDocument(ReadEvents, Object.fromEntries(url.searchParams));
    if (query.ok) return query.value;
    const { errors } = query.fault;
    throw new ProblemError('invalid-request', `Invalid query string: ${errors[0]?.detail ?? ''}`, { errors });
  }

  #adopt(webSocket: WebSocket, start: { position: number; filter: ReturnType<typeof filterOf> }): void {
    const client = new EventSocket(webSocket, this.#parts, start);
    this.#open.set(webSocket, client);
    webSocket.on('error', ignoreBrokenSocket);
    webSocket.once('close', () => {
      this.#open.delete(webSocket);
      void client[Symbol.asyncDispose]();
    });
  }
}

/** A connection that breaks also closes, and that is where it is cleaned up. */
function ignoreBrokenSocket(): void {
  return;
}

function refuse(socket: Duplex, error: unknown): void {
  const answer = answerError(error);
  const body = JSON.stringify(renderProblem(answer));
  const head = [
    `HTTP/1.1 ${String(answer.status)} ${STATUS_CODES[answer.status] ?? answer.title}`,
    'Content-Type: application/problem+json; charset=utf-8',
    `Content-Length: ${String(Buffer.byteLength(body))}`,
    ...Object.entries(answer.headers ?? {}).map(([name, value]) => `${name}: ${value}`),
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
