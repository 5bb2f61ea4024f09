import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { decodeTftp, encodeTftp, type TftpPacket } from '@rackwright/protocol-tftp';

/** A packet and the port it came from. */
export interface TftpReceived {
  readonly packet: TftpPacket;
  readonly port: number;
}

const ANSWER_WITHIN_MS = 10_000;
/** Less than any server waits before it repeats a packet: RFC 2349 section 2. */
const LATE_MS = 700;
/** A timer that is so late tells of a machine that stood still. */
const STALL_MS = 200;

/** One TFTP endpoint under test control: nothing is acknowledged or repeated by itself. */
export class TftpClient implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #host: string;
  readonly #queue: TftpReceived[] = [];
  #waiting: (() => void)[] = [];
  #lastAtMs = performance.now();
  #wasLate = false;

  private constructor(socket: Socket, host: string) {
    this.#socket = socket;
    this.#host = host;
    socket.on('message', (bytes, { port }) => {
      const decoded = decodeTftp(bytes);
      this.#noteTime(LATE_MS);
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

  /**
   * Whether a packet of either side came so late that the server may have repeated one of its own; what was seen then
   * does not tell what it does when it is answered in time.
   */
  get wasLate(): boolean {
    return this.#wasLate;
  }

  send(packet: TftpPacket | Uint8Array, port: number): void {
    this.#noteTime(LATE_MS);
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
    const next = this.#queue.shift();
    if (next === undefined) this.#noteTime(withinMs + STALL_MS);
    return next;
  }

  #noteTime(usualMs: number): void {
    const nowMs = performance.now();
    if (nowMs - this.#lastAtMs > usualMs) this.#wasLate = true;
    this.#lastAtMs = nowMs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    await closed;
  }
}
