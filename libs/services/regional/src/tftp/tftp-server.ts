import type { DatagramSocket, DatagramSockets, Endpoint, FileTransfers } from '@rackwright/contracts';
import type { Clock, Ipv4, Logger } from '@rackwright/kernel';
import { runWithTraceparent, withSpan, type ConfigOf, type Metrics } from '@rackwright/platform';
import {
  decodeTftp,
  encodeTftp,
  ErrorCode,
  errorFor,
  errorPacket,
  refusalOf,
  type ErrorPacket,
  type TftpPacket,
} from '@rackwright/protocol-tftp';
import { formatEndpoint } from './format-endpoint.js';
import { SharedPort } from './shared-port.js';
import { NETASCII_MAX_BYTES, type ContentRefusal, type TftpContents } from './tftp-contents.js';
import { TftpMetrics, type TftpResult } from './tftp-metrics.js';
import type { tftpSettings } from './tftp-settings.js';
import { TransferAdmission } from './transfer-admission.js';
import { TransferRunner, type Requested } from './transfer-runner.js';

export interface TftpServerParts {
  readonly config: ConfigOf<typeof tftpSettings>;
  readonly sockets: DatagramSockets;
  readonly contents: Pick<TftpContents, 'open'>;
  readonly transfers?: FileTransfers;
  /** The `traceparent` of the boot that a request is part of. */
  readonly traceOf: (filename: string, client: Ipv4) => string | undefined;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** What a client is told instead of a file. */
const REFUSALS: Readonly<Record<ContentRefusal, readonly [TftpResult, ErrorPacket]>> = {
  'not-found': ['not-found', errorPacket(ErrorCode.fileNotFound, 'no such file')],
  'not-a-file': ['forbidden', errorPacket(ErrorCode.accessViolation, 'not allowed')],
  'outside-root': ['forbidden', errorPacket(ErrorCode.accessViolation, 'not allowed')],
  'hash-mismatch': ['unavailable', errorPacket(ErrorCode.accessViolation, 'not as the manifest says')],
  unavailable: ['unavailable', errorPacket(ErrorCode.notDefined, 'not now, try again')],
};

/** The TFTP request port: read-only, a bounded number of transfers, each on a port of its own unless set otherwise. */
export class TftpServer implements AsyncDisposable {
  readonly metrics: TftpMetrics;
  readonly #parts: TftpServerParts;
  readonly #runner: TransferRunner;
  readonly #admission: TransferAdmission;
  readonly #running = new Set<Promise<void>>();
  /** Requests whose file is being opened, by their client. */
  readonly #starting = new Map<string, Requested>();
  #socket: DatagramSocket | undefined;
  #shared: SharedPort | undefined;
  #isStopping = false;

  constructor(parts: TftpServerParts) {
    this.#parts = parts;
    const { config, metrics } = parts;
    const { tftpMaxSessions: total, tftpMaxSessionsPerClient: perClient } = config;
    this.#admission = new TransferAdmission({ total, perClient });
    this.metrics = new TftpMetrics(metrics, () => this.sessions);
    const limits = {
      maxBlockSizeBytes: config.tftpMaxBlockSize,
      rolloverTo: config.tftpBlockRollover === 1 ? 1 : 0,
    } as const;
    this.#runner = new TransferRunner({ ...parts, address: config.tftpAddress, limits });
  }

  get local(): Endpoint | undefined {
    return this.#socket?.local;
  }

  get sessions(): number {
    return this.#admission.count;
  }

  async start(): Promise<void> {
    const { config, sockets, clock, logger } = this.#parts;
    if (!config.tftpEnabled) return;
    this.#isStopping = false;
    if (!config.tftpSinglePort) await this.#runner.prepare();
    const socket = await sockets.open({ address: config.tftpAddress, port: config.tftpPort });
    this.#socket = socket;
    this.#shared = config.tftpSinglePort ? new SharedPort(socket, clock) : undefined;
    socket.onDatagram((bytes, from) => {
      this.#receive(bytes, from);
    });
    logger.info({ local: socket.local }, 'TFTP is served');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true;
    await this.#runner[Symbol.asyncDispose]();
    await Promise.all(this.#running);
    const socket = this.#socket;
    this.#socket = undefined;
    await socket?.[Symbol.asyncDispose]();
  }

  #receive(bytes: Uint8Array, from: Endpoint): void {
    const packet = decodeTftp(bytes);
    if (!packet.ok) {
      this.#refuse(from, 'garbage', errorFor(packet.fault));
      return;
    }
    const { value } = packet;
    if (value.kind !== 'rrq' && value.kind !== 'wrq') {
      this.#take(value, bytes, from);
      return;
    }
    const refusal = refusalOf(value);
    if (refusal === undefined) this.#begin({ request: value, bytes, client: from });
    else this.#refuse(from, 'refused', refusal);
  }

  /** A packet that is no request means something here only when transfers share this port. */
  #take(packet: TftpPacket, bytes: Uint8Array, from: Endpoint): void {
    if (this.#shared?.deliver(bytes, from) === true) return;
    const isAnswerable = this.#shared !== undefined && packet.kind !== 'error';
    this.#refuse(
      from,
      'garbage',
      isAnswerable ? errorPacket(ErrorCode.unknownTransferId, 'unknown transfer') : undefined,
    );
  }

  #begin(requested: Requested): void {
    const { client, bytes } = requested;
    const key = formatEndpoint(client);
    // A repeated request whose first one is still being opened: the client gets one transfer.
    if (this.#isStopping || this.#starting.has(key) || this.#shared?.isRepeated(bytes, client) === true) return;
    if (!this.#admission.hasRoom(client.address)) {
      this.#refuse(client, 'overloaded', errorPacket(ErrorCode.notDefined, 'too many transfers, try again'));
      return;
    }
    const kept = { ...requested, bytes: Uint8Array.from(bytes) };
    this.#starting.set(key, kept);
    this.#admission.enter(client.address);
    const running = this.#serveTraced(kept)
      .catch((error: unknown) => {
        this.#refuse(client, 'unavailable', errorPacket(ErrorCode.notDefined, 'not now, try again'));
        this.#parts.logger.error({ err: error, client }, 'a TFTP request could not be served');
      })
      .finally(() => {
        this.#forget(kept);
        this.#admission.leave(client.address);
        this.#running.delete(running);
      });
    this.#running.add(running);
  }

  async #serveTraced(requested: Requested): Promise<void> {
    const { filename } = requested.request;
    const traceparent = this.#parts.traceOf(filename, requested.client.address);
    if (traceparent === undefined) {
      await this.#serve(requested);
      return;
    }
    await runWithTraceparent(traceparent, () =>
      withSpan('tftp.read', { 'rw.file': filename }, async (span) => {
        span.setAttribute('rw.result', await this.#serve(requested));
      }),
    );
  }

  /** Resolves with what came of it. */
  async #serve(requested: Requested): Promise<string> {
    const { request, client } = requested;
    const { contents, clock, logger } = this.#parts;
    const begunAtMs = clock.monotonicMs();
    const opened = await contents.open(request.filename, client.address);
    const file = request.filename;
    if (typeof opened === 'string') {
      logger.info({ file, client, reason: opened }, 'TFTP request refused');
      this.#turnDown(requested, ...REFUSALS[opened]);
      return opened;
    }
    await using content = opened;
    if (this.#isStopping) return 'stopping';
    if (request.mode === 'netascii' && content.sizeBytes > NETASCII_MAX_BYTES) {
      this.#turnDown(requested, 'refused', errorPacket(ErrorCode.illegalOperation, 'too large for this mode'));
      return 'refused';
    }
    const running = this.#runner.run(requested, content, this.#shared);
    this.#forget(requested);
    const report = await running;
    this.metrics.transferred(report, clock.monotonicMs() - begunAtMs);
    logger.info({ file, client, bytes: report.acknowledgedBytes, outcome: report.outcome }, 'TFTP transfer ended');
    return report.outcome.kind;
  }

  /** Refuses a request that was looked at: its client may ask for something else as soon as it knows. */
  #turnDown(requested: Requested, result: TftpResult, error: ErrorPacket): void {
    this.#forget(requested);
    this.#refuse(requested.client, result, error);
  }

  /** It is being opened no longer; by now the client may have asked for something else. */
  #forget(requested: Requested): void {
    const key = formatEndpoint(requested.client);
    if (this.#starting.get(key) === requested) this.#starting.delete(key);
  }

  #refuse(to: Endpoint, result: TftpResult, error: ErrorPacket | undefined): void {
    this.metrics.refused(result, error?.code);
    if (error !== undefined) this.#socket?.send(encodeTftp(error), to);
  }
}
