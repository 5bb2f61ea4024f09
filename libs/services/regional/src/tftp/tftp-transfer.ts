import type { DatagramSocket, Endpoint } from '@rackwright/contracts';
import type { Cancel, Clock, Logger } from '@rackwright/kernel';
import {
  decodeTftp,
  encodeTftp,
  ErrorCode,
  errorPacket,
  ReadSession,
  type ReadOutcome,
  type TftpRequest,
} from '@rackwright/protocol-tftp';
import type { Asset } from '../http-boot/asset-directory.js';

export interface TftpTransferParts {
  readonly request: TftpRequest;
  readonly client: Endpoint;
  readonly asset: Asset;
  /** A socket of its own: its port is the transfer's TID. */
  readonly socket: DatagramSocket;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Runs one read session over its own socket and file until it ends. */
export class TftpTransfer {
  readonly #parts: TftpTransferParts;
  readonly #session: ReadSession;
  readonly #ended = Promise.withResolvers<ReadOutcome>();
  #cancelTimer: Cancel = () => undefined;
  #reading: Promise<void> = Promise.resolve();

  constructor(parts: TftpTransferParts) {
    this.#parts = parts;
    const { request, asset, clock, socket } = parts;
    this.#session = new ReadSession({ request, sizeBytes: asset.sizeBytes, nowMs: clock.monotonicMs() });
    socket.onDatagram((bytes, from) => {
      this.#receive(bytes, from);
    });
  }

  get acknowledgedBytes(): number {
    return this.#session.acknowledgedBytes;
  }

  get retransmissions(): number {
    return this.#session.retransmissions;
  }

  /** Resolves when the transfer is over and its file and socket are closed. */
  async run(): Promise<ReadOutcome> {
    this.#goOn();
    const outcome = await this.#ended.promise;
    this.#cancelTimer();
    await this.#reading;
    await this.#parts.asset.handle.close();
    await this.#parts.socket[Symbol.asyncDispose]();
    return outcome;
  }

  /** Ends the transfer because the service stops. */
  stop(): void {
    this.#session.abort(errorPacket(ErrorCode.notDefined, 'the server is stopping'));
    this.#goOn();
  }

  #receive(bytes: Uint8Array, from: Endpoint): void {
    const { client, socket, clock } = this.#parts;
    const packet = decodeTftp(bytes);
    if (!packet.ok) return;
    if (from.address !== client.address || from.port !== client.port) {
      // RFC 1350 section 4; an ERROR is never answered.
      if (packet.value.kind === 'error') return;
      socket.send(encodeTftp(errorPacket(ErrorCode.unknownTransferId, 'unknown transfer')), from);
      return;
    }
    this.#session.advance(clock.monotonicMs());
    this.#session.receive(packet.value);
    this.#goOn();
  }

  /** Sends what the session has to send, reads what it wants, and wakes up when it says. */
  #goOn(): void {
    const { socket, client } = this.#parts;
    for (const packet of this.#session.takeOutgoing()) socket.send(encodeTftp(packet), client);
    if (this.#session.outcome !== undefined) {
      this.#ended.resolve(this.#session.outcome);
      return;
    }
    const range = this.#session.want();
    if (range !== undefined) this.#reading = this.#read(range.offset, range.length);
    this.#wakeAt(this.#session.deadlineMs);
  }

  async #read(offset: number, length: number): Promise<void> {
    const { asset, logger } = this.#parts;
    try {
      const { buffer, bytesRead } = await asset.handle.read(Buffer.allocUnsafe(length), 0, length, offset);
      this.#session.supply(offset, buffer.subarray(0, bytesRead));
    } catch (error) {
      logger.warn({ err: error, file: asset.path }, 'a boot file could not be read');
      this.#session.abort(errorPacket(ErrorCode.notDefined, 'the file cannot be read'));
    }
    this.#goOn();
  }

  #wakeAt(deadlineMs: number | undefined): void {
    this.#cancelTimer();
    if (deadlineMs === undefined) return;
    const { clock } = this.#parts;
    this.#cancelTimer = clock.schedule(Math.max(1, deadlineMs - clock.monotonicMs()), () => {
      this.#session.advance(clock.monotonicMs());
      this.#goOn();
    });
  }
}
