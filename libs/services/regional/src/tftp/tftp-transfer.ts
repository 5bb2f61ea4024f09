import type { DatagramSocket, Endpoint, TransferReport } from '@rackwright/contracts';
import type { Cancel, Clock, Logger } from '@rackwright/kernel';
import {
  decodeTftp,
  encodeTftp,
  ErrorCode,
  errorPacket,
  ReadSession,
  type ReadOutcome,
  type ReadSessionLimits,
  type TftpRequest,
} from '@rackwright/protocol-tftp';
import type { TftpContent } from './tftp-contents.js';

export interface TftpTransferParts {
  readonly request: TftpRequest;
  readonly client: Endpoint;
  readonly content: TftpContent;
  /** Octets as sent. */
  readonly sentBytes: number;
  /** Closed at the end. Its port is the transfer's TID. */
  readonly socket: DatagramSocket;
  readonly limits: Partial<ReadSessionLimits>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Runs one read session in this thread until it ends. */
export class TftpTransfer {
  readonly #parts: TftpTransferParts;
  readonly #session: ReadSession;
  readonly #ended = Promise.withResolvers<ReadOutcome>();
  #cancelTimer: Cancel = () => undefined;
  #reading: Promise<void> = Promise.resolve();
  #strangers = 0;
  #isAbandoned = false;
  #closing: Promise<void> | undefined;

  constructor(parts: TftpTransferParts) {
    this.#parts = parts;
    const { request, content, sentBytes, clock, socket, limits } = parts;
    const { sizeBytes } = content;
    this.#session = new ReadSession({ request, sizeBytes, sentBytes, nowMs: clock.monotonicMs(), limits });
    socket.onDatagram((bytes, from) => {
      this.#receive(bytes, from);
    });
  }

  /** Resolves when the transfer is over and its socket is closed. */
  async run(): Promise<TransferReport> {
    this.#goOn();
    const outcome = await this.#ended.promise;
    this.#cancelTimer();
    await this.#reading;
    await this.#close();
    const { acknowledgedBytes, retransmissions } = this.#session;
    return { outcome, acknowledgedBytes, retransmissions, strangers: this.#strangers };
  }

  /** Ends the transfer because the service stops. */
  stop(): void {
    this.#session.abort(errorPacket(ErrorCode.notDefined, 'the server is stopping'));
    this.#goOn();
  }

  /** Ends the transfer without a word, because its client has begun another one from the same port. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#ended.resolve({ kind: 'timed-out' });
  }

  #receive(bytes: Uint8Array, from: Endpoint): void {
    const { client, socket, clock } = this.#parts;
    const packet = decodeTftp(bytes);
    if (!packet.ok) return;
    if (from.address !== client.address || from.port !== client.port) {
      // RFC 1350 section 4; an ERROR is never answered.
      if (packet.value.kind === 'error') return;
      this.#strangers += 1;
      socket.send(encodeTftp(errorPacket(ErrorCode.unknownTransferId, 'unknown transfer')), from);
      return;
    }
    this.#session.advance(clock.monotonicMs());
    this.#session.receive(packet.value);
    this.#goOn();
  }

  /** Sends what the session has to send, reads what it wants, and wakes up when it says. */
  #goOn(): void {
    if (this.#isAbandoned) return;
    const { socket, client } = this.#parts;
    for (const packet of this.#session.takeOutgoing()) socket.send(encodeTftp(packet), client);
    if (this.#session.outcome !== undefined) {
      // At once: the client may begin another transfer from the same port as soon as it knows.
      void this.#close();
      this.#ended.resolve(this.#session.outcome);
      return;
    }
    const range = this.#session.want();
    if (range !== undefined) this.#reading = this.#read(range.offset, range.length);
    this.#wakeAt(this.#session.deadlineMs);
  }

  async #read(offset: number, length: number): Promise<void> {
    const { content, logger, request } = this.#parts;
    try {
      const octets = Buffer.allocUnsafe(length);
      const octetCount = await content.read(octets, offset);
      this.#session.supply(offset, octets.subarray(0, octetCount));
    } catch (error) {
      logger.warn({ err: error, file: request.filename }, 'a boot file could not be read');
      this.#session.abort(errorPacket(ErrorCode.notDefined, 'the file cannot be read'));
    }
    this.#goOn();
  }

  #close(): Promise<void> {
    this.#closing ??= Promise.resolve(this.#parts.socket[Symbol.asyncDispose]());
    return this.#closing;
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
