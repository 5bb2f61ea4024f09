import type { Socket } from 'node:dgram';
import type { Ipv4 } from '@rackwright/kernel';
import type { DatagramHandler, DatagramSocket, Endpoint } from '@rackwright/contracts';
import type { MessageBatches, OutgoingDatagram } from './message-batch.js';

/** Told each datagram that could not be sent. */
export type SendErrorListener = (error: Error, to: Endpoint) => void;

/** How to move several datagrams per system call through the descriptor of a socket. */
export interface BatchedAccess {
  readonly descriptor: number;
  readonly messages: MessageBatches;
}

/** Datagrams read in one turn of the event loop besides those that node reads: a flood does not keep it from the disk. */
const MAX_DRAINED_BATCHES = 2;

/**
 * A UDP socket of `node:dgram` that is already bound. With {@link BatchedAccess} the event of one datagram brings in
 * those that wait behind it, and what is sent in one turn of the event loop leaves together at its end.
 */
export class NodeDatagramSocket implements DatagramSocket {
  readonly local: Endpoint;
  readonly #socket: Socket;
  readonly #onSendError: SendErrorListener;
  readonly #batched: BatchedAccess | undefined;
  #handler: DatagramHandler | undefined;
  #outgoing: OutgoingDatagram[] = [];
  #hasDrained = false;
  #closing: Promise<void> | undefined;

  constructor(socket: Socket, onSendError: SendErrorListener, batched?: BatchedAccess) {
    const { address, port } = socket.address();
    this.local = { address: address as Ipv4, port };
    this.#socket = socket;
    this.#onSendError = onSendError;
    this.#batched = batched;
    socket.on('message', (bytes, from) => {
      this.#handler?.(bytes, { address: from.address as Ipv4, port: from.port });
      this.#drain();
    });
  }

  onDatagram(handler: DatagramHandler): void {
    this.#handler = handler;
  }

  /** Never throws: a peer may well have sent from port 0, to which nothing can be sent back. */
  send(bytes: Uint8Array, to: Endpoint): void {
    if (this.#closing !== undefined) {
      this.#onSendError(new Error('the socket is closed'), to);
    } else if (this.#batched === undefined) {
      this.#sendOne({ bytes, to });
    } else if (this.#outgoing.push({ bytes, to }) === 1) {
      setImmediate(() => {
        this.#flush();
      });
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#flush();
    this.#closing ??= new Promise((resolve) => {
      this.#handler = undefined;
      this.#socket.close(resolve);
    });
    return this.#closing;
  }

  /** Once per turn of the event loop, so that the events of the datagrams behind do not multiply it. */
  #drain(): void {
    if (this.#batched === undefined || this.#hasDrained) return;
    this.#hasDrained = true;
    setImmediate(() => {
      this.#hasDrained = false;
    });
    const { descriptor, messages } = this.#batched;
    for (let batch = 0; batch < MAX_DRAINED_BATCHES && this.#closing === undefined; batch += 1) {
      if (messages.receive(descriptor, this.#receive) < messages.batchSize) return;
    }
  }

  readonly #receive: DatagramHandler = (bytes, from) => {
    this.#handler?.(bytes, from);
  };

  /** What the kernel does not take at once goes through node, which waits for room or tells what is wrong. */
  #flush(): void {
    const datagrams = this.#outgoing;
    if (this.#batched === undefined || this.#closing !== undefined || datagrams.length === 0) return;
    this.#outgoing = [];
    const { descriptor, messages } = this.#batched;
    for (let sent = 0; sent < datagrams.length;) {
      const count = messages.send(descriptor, datagrams, sent);
      const refused = count === 0 ? datagrams[sent] : undefined;
      if (refused !== undefined) this.#sendOne(refused);
      sent += Math.max(1, count);
    }
  }

  #sendOne({ bytes, to }: OutgoingDatagram): void {
    try {
      this.#socket.send(bytes, to.port, to.address, (error) => {
        if (error !== null) this.#onSendError(error, to);
      });
    } catch (error) {
      this.#onSendError(error instanceof Error ? error : new Error(String(error)), to);
    }
  }
}
