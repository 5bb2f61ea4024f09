import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** A packet, where it came from, and between which two moments of `performance.now()` it arrived. */
export interface Received {
  readonly bytes: Buffer;
  readonly from: RemoteInfo;
  /** The last look at the socket that found nothing: long ago when this process stood still. */
  readonly earliestMs: number;
  readonly latestMs: number;
}

const LOOK_MS = 20;

/** One port of the client, with what came to it in order. */
export class Speaker implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #queue: Received[] = [];
  readonly #looking: NodeJS.Timeout;
  /** Of the turns of the event loop: what arrives in one has come since the turn before. */
  #turns = [performance.now(), performance.now()] as const;
  #wake: () => void = () => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#looking = setInterval(() => {
      this.#turns = [this.#turns[1], performance.now()];
    }, LOOK_MS);
    socket.on('message', (bytes, from) => {
      this.#queue.push({ bytes, from, earliestMs: this.#turns[0], latestMs: performance.now() });
      this.#wake();
    });
  }

  static async open(): Promise<Speaker> {
    const socket = createSocket('udp4');
    socket.bind(0);
    await once(socket, 'listening');
    return new Speaker(socket);
  }

  async send(bytes: Uint8Array, port: number, address: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#socket.send(bytes, port, address, (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
  }

  /** The next packet, or `undefined` when none comes in time. */
  async receive(waitMs: number): Promise<Received | undefined> {
    if (this.#queue.length === 0) {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      this.#wake = () => {
        resolve(undefined);
      };
      const timer = setTimeout(this.#wake, waitMs);
      await promise;
      clearTimeout(timer);
    }
    return this.#queue.shift();
  }

  /** Takes a packet back, to be received next. */
  putBack(received: Received): void {
    this.#queue.unshift(received);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#looking);
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    await closed;
  }
}
