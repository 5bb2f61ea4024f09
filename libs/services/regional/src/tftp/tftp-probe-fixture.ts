import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { decodeTftp, encodeTftp, type TftpPacket } from '@rackwright/protocol-tftp';

/** A client that does just what a test says, from one port. */
export class TftpProbe implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #serverPort: number;
  readonly #queue: { readonly bytes: Uint8Array; readonly port: number }[] = [];
  #transferPort = 0;
  #wake: () => void = () => undefined;

  private constructor(socket: Socket, serverPort: number) {
    this.#socket = socket;
    this.#serverPort = serverPort;
    socket.on('message', (bytes, { port }) => {
      this.#queue.push({ bytes, port });
      this.#wake();
    });
  }

  static async open(serverPort: number, address = '127.0.0.1'): Promise<TftpProbe> {
    const socket = createSocket('udp4');
    socket.bind(0, address);
    await once(socket, 'listening');
    return new TftpProbe(socket, serverPort);
  }

  /** To the request port. */
  send(bytes: Uint8Array): void {
    this.#socket.send(bytes, this.#serverPort, '127.0.0.1');
  }

  /** Sends a request and gives the first answer. */
  async ask(request: Uint8Array): Promise<TftpPacket> {
    this.send(request);
    return this.receive();
  }

  /** To the transfer that answered last. */
  answer(packet: TftpPacket): void {
    this.#socket.send(encodeTftp(packet), this.#transferPort, '127.0.0.1');
  }

  async answerAndReceive(packet: TftpPacket): Promise<TftpPacket> {
    this.answer(packet);
    return this.receive();
  }

  async receive(): Promise<TftpPacket> {
    let next = this.#queue.shift();
    while (next === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      next = this.#queue.shift();
    }
    this.#transferPort = next.port;
    const packet = decodeTftp(next.bytes);
    if (!packet.ok) throw new Error(`the server sent garbage: ${packet.fault.code}`);
    return packet.value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    await closed;
  }
}
