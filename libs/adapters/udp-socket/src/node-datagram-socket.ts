import type { Socket } from 'node:dgram';
import type { Ipv4 } from '@rackwright/kernel';
import type { DatagramHandler, DatagramSocket, Endpoint } from '@rackwright/contracts';

/** Told each datagram that could not be sent. */
export type SendErrorListener = (error: Error, to: Endpoint) => void;

/** A UDP socket of `node:dgram` that is already bound. */
export class NodeDatagramSocket implements DatagramSocket {
  readonly local: Endpoint;
  readonly #socket: Socket;
  readonly #onSendError: SendErrorListener;
  #handler: DatagramHandler | undefined;
  #closing: Promise<void> | undefined;

  constructor(socket: Socket, onSendError: SendErrorListener) {
    const { address, port } = socket.address();
    this.local = { address: address as Ipv4, port };
    this.#socket = socket;
    this.#onSendError = onSendError;
    socket.on('message', (bytes, from) => {
      this.#handler?.(bytes, { address: from.address as Ipv4, port: from.port });
    });
  }

  onDatagram(handler: DatagramHandler): void {
    this.#handler = handler;
  }

  /** Never throws: a peer may well have sent from port 0, to which nothing can be sent back. */
  send(bytes: Uint8Array, to: Endpoint): void {
    if (this.#closing !== undefined) {
      this.#onSendError(new Error('the socket is closed'), to);
      return;
    }
    try {
      this.#socket.send(bytes, to.port, to.address, (error) => {
        if (error !== null) this.#onSendError(error, to);
      });
    } catch (error) {
      this.#onSendError(error instanceof Error ? error : new Error(String(error)), to);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      this.#handler = undefined;
      this.#socket.close(resolve);
    });
    return this.#closing;
  }
}
