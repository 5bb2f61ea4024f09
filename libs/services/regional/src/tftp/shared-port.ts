import type { DatagramHandler, DatagramSocket, Endpoint } from '@rackwright/contracts';
import type { Clock } from '@rackwright/kernel';
import { formatEndpoint } from './format-endpoint.js';

/** The same request again within this time is the network's doing, not the client's. */
const REPEATED_WITHIN_MS = 500;

interface Conversation {
  readonly request: Uint8Array;
  readonly begunAtMs: number;
  handler: DatagramHandler;
  abandon: () => void;
}

/** The transfers that share the request port, told apart by their clients' addresses and ports. */
export class SharedPort {
  readonly #conversations = new Map<string, Conversation>();
  readonly #socket: DatagramSocket;
  readonly #clock: Clock;

  constructor(socket: DatagramSocket, clock: Clock) {
    this.#socket = socket;
    this.#clock = clock;
  }

  /** Hands a packet to the transfer of its sender; `false` when there is none. */
  deliver(bytes: Uint8Array, from: Endpoint): boolean {
    const found = this.#conversations.get(formatEndpoint(from));
    found?.handler(bytes, from);
    return found !== undefined;
  }

  /** Whether this request has just begun a transfer, so that it must not begin another. */
  isRepeated(request: Uint8Array, from: Endpoint): boolean {
    const found = this.#conversations.get(formatEndpoint(from));
    if (found === undefined || this.#clock.monotonicMs() - found.begunAtMs > REPEATED_WITHIN_MS) return false;
    return Buffer.from(found.request).equals(request);
  }

  /**
   * A socket for one transfer. A client that begins anew from the same port, such as a machine that was reset, has its
   * earlier transfer abandoned.
   */
  open(
    request: Uint8Array,
    client: Endpoint,
  ): { readonly socket: DatagramSocket; onAbandon(abandon: () => void): void } {
    const key = formatEndpoint(client);
    this.#conversations.get(key)?.abandon();
    const conversation: Conversation = {
      request,
      begunAtMs: this.#clock.monotonicMs(),
      handler: () => undefined,
      abandon: () => undefined,
    };
    this.#conversations.set(key, conversation);
    const socket: DatagramSocket = {
      local: this.#socket.local,
      onDatagram: (handler) => {
        conversation.handler = handler;
      },
      send: (bytes, to) => {
        this.#socket.send(bytes, to);
      },
      [Symbol.asyncDispose]: async () => {
        if (this.#conversations.get(key) === conversation) this.#conversations.delete(key);
        await Promise.resolve();
      },
    };
    return {
      socket,
      onAbandon: (abandon) => {
        conversation.abandon = abandon;
      },
    };
  }
}
