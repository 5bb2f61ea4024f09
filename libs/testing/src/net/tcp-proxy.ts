import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';

/** Where a {@link TcpProxy} passes connections on to. */
export interface ProxyTarget {
  /** Default 127.0.0.1. */
  readonly host?: string;
  readonly port: number;
}

/** A loopback TCP proxy whose link a test can cut, heal and slow down. */
export class TcpProxy implements AsyncDisposable {
  readonly port: number;
  readonly #server: Server;
  #target: ProxyTarget;
  readonly #sockets = new Set<Socket>();
  #isCut = false;
  #delayMs = 0;
  #remainingOctets = Number.POSITIVE_INFINITY;

  private constructor(server: Server, target: ProxyTarget) {
    this.#server = server;
    this.#target = target;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (client) => {
      this.#accept(client);
    });
  }

  /** Starts a proxy on a free port. */
  static async start(target: ProxyTarget): Promise<TcpProxy> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    return new TcpProxy(server, target);
  }

  /** Resets every connection and every new one, until healed. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Lets connections through again. */
  heal(): void {
    this.#isCut = false;
    this.#remainingOctets = Number.POSITIVE_INFINITY;
  }

  /** Heals the link and cuts it again once the target has sent `octets` over it. */
  healFor(octets: number): void {
    this.#isCut = false;
    this.#remainingOctets = octets;
  }

  /** Passes new connections on to another target and resets those there are. */
  retarget(target: ProxyTarget): void {
    this.#target = target;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Holds every chunk of both directions back for `delayMs`; 0 ends it. */
  delay(delayMs: number): void {
    this.#delayMs = delayMs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  #accept(client: Socket): void {
    if (this.#isCut) {
      client.on('error', () => undefined);
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(this.#target.port, this.#target.host ?? '127.0.0.1');
    this.#join(client, upstream);
    this.#pass(client, upstream);
    this.#pass(upstream, client, (octets) => {
      this.#count(octets);
    });
  }

  #join(client: Socket, upstream: Socket): void {
    for (const [socket, peer] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      // A reset of one side is a reset of the other; `close` follows every error.
      socket.on('error', () => peer.resetAndDestroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        if (!peer.destroyed) peer.end();
      });
    }
  }

  #pass(from: Socket, to: Socket, onPassed: (octets: number) => void = () => undefined): void {
    from.on('data', (chunk: Buffer) => {
      const write = (): void => {
        if (to.destroyed) return;
        if (!to.write(chunk)) {
          from.pause();
          to.once('drain', () => from.resume());
        }
        onPassed(chunk.length);
      };
      if (this.#delayMs === 0) write();
      else setTimeout(write, this.#delayMs);
    });
  }

  #count(octets: number): void {
    this.#remainingOctets -= octets;
    if (this.#remainingOctets <= 0) this.cut();
  }
}
