import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { decodeTftp, encodeTftp, type TftpPacket } from '@rackwright/protocol-tftp';

/** A packet and the port it came from. */
export interface TftpReceived {
  readonly packet: TftpPacket;
  readonly port: number;
}

const ANSWER_WITHIN_MS = 3_000;

/** One TFTP endpoint under test control: nothing is acknowledged or repeated by itself. */
export class TftpClient implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #host: string;
  readonly #queue: TftpReceived[] = [];
  #waiting: (() => void)[] = [];

  private constructor(socket: Socket, host: string) {
    this.#socket = socket;
    this.#host = host;
    socket.on('message', (bytes, { port }) => {
      const decoded = decodeTftp(bytes);
      if (decoded.ok) this.#queue.push({ packet: decoded.value, port });
      for (const wake of this.#waiting.splice(0)) wake();
    });
    // What cannot be sent has no answer, which is what statements are about.
    socket.on('error', () => undefined);
  }

  static async open(host: string): Promise<TftpClient> {
    const socket = createSocket('udp4');
    socket.bind(0);
    await once(socket, 'listening');
    return new TftpClient(socket, host);
  }

  send(packet: TftpPacket | Uint8Array, port: number): void {
    this.#socket.send(packet instanceof Uint8Array ? packet : encodeTftp(packet), port, this.#host);
  }

  /** The next packet; `undefined` when none comes in time. */
  async next(withinMs = ANSWER_WITHIN_MS): Promise<TftpReceived | undefined> {
    const deadline = performance.now() + withinMs;
    for (let left = withinMs; this.#queue.length === 0 && left > 0; left = deadline - performance.now()) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    return this.#queue.shift();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    await closed;
  }
}
