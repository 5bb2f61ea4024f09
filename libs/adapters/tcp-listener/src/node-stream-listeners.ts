import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Endpoint, StreamBinding, StreamListener, StreamListeners, StreamReceiver } from '@rackwright/contracts';
import { parseIpv4, type Ipv4 } from '@rackwright/kernel';
import { listenFailure } from './listen-failure.js';

type Accept = (from: Endpoint) => StreamReceiver;

/** `StreamListeners` over `node:net`. */
export class NodeStreamListeners implements StreamListeners {
  async listen(binding: StreamBinding, accept: Accept): Promise<StreamListener> {
    const server = createServer({ pauseOnConnect: false });
    const listener = new NodeStreamListener(server, { binding, accept });
    try {
      server.listen(binding.port, binding.address);
      await once(server, 'listening');
    } catch (error) {
      throw listenFailure(binding, error as NodeJS.ErrnoException);
    }
    server.on('error', (error) => binding.onAcceptError?.(error));
    return listener;
  }
}

class NodeStreamListener implements StreamListener {
  readonly #server: Server;
  readonly #binding: StreamBinding;
  readonly #accept: Accept;
  readonly #sockets = new Map<Socket, Ipv4>();

  constructor(server: Server, { binding, accept }: { readonly binding: StreamBinding; readonly accept: Accept }) {
    this.#server = server;
    this.#binding = binding;
    this.#accept = accept;
    server.on('connection', (socket) => {
      this.#take(socket);
    });
  }

  get local(): Endpoint {
    const { address, port } = this.#server.address() as AddressInfo;
    return { address: address as Ipv4, port };
  }

  get connections(): number {
    return this.#sockets.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets.keys()) socket.destroy();
    await closed;
  }

  #take(socket: Socket): void {
    // A peer that resets the connection is of no interest; the end of the connection is told by 'close'.
    socket.on('error', () => undefined);
    const from = remoteOf(socket);
    if (from === undefined || this.#isFull(from.address)) {
      socket.destroy();
      if (from !== undefined) this.#binding.onRefused?.(from);
      return;
    }
    this.#sockets.set(socket, from.address);
    const receiver = this.#accept(from);
    socket.setTimeout(this.#binding.idleMs, () => {
      socket.destroy();
    });
    socket.on('data', (bytes: Buffer) => {
      const pending = receiver.receive(bytes);
      if (pending === undefined) return;
      socket.pause();
      void pending.finally(() => socket.resume());
    });
    socket.on('close', () => {
      this.#sockets.delete(socket);
      receiver.end();
    });
  }

  #isFull(address: Ipv4): boolean {
    const { maxConnections, maxConnectionsPerAddress } = this.#binding;
    if (this.#sockets.size >= maxConnections) return true;
    let ofAddress = 0;
    for (const other of this.#sockets.values()) if (other === address) ofAddress += 1;
    return ofAddress >= maxConnectionsPerAddress;
  }
}

/** `undefined` for a connection that is over before it could be looked at. */
function remoteOf({ remoteAddress, remotePort }: Socket): Endpoint | undefined {
  const address = remoteAddress === undefined ? undefined : parseIpv4(remoteAddress);
  return address === undefined || remotePort === undefined ? undefined : { address, port: remotePort };
}
