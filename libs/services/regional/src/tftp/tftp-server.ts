import type { DatagramSocket, DatagramSockets, Endpoint } from '@rackwright/contracts';
import type { Clock, Ipv4, Logger } from '@rackwright/kernel';
import type { ConfigOf, Metrics } from '@rackwright/platform';
import {
  decodeTftp,
  encodeTftp,
  ErrorCode,
  errorFor,
  errorPacket,
  refusalOf,
  tftpPath,
  type ErrorPacket,
  type TftpRequest,
} from '@rackwright/protocol-tftp';
import { withoutMac, type Asset, type AssetDirectory, type AssetRefusal } from '../http-boot/asset-directory.js';
import { TftpMetrics, type TftpOutcome } from './tftp-metrics.js';
import type { tftpSettings } from './tftp-settings.js';
import { TftpTransfer } from './tftp-transfer.js';

export interface TftpServerParts {
  readonly config: ConfigOf<typeof tftpSettings>;
  readonly sockets: DatagramSockets;
  readonly assets: AssetDirectory;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** The TFTP socket: read-only, every transfer on a port of its own, a bounded number of them. */
export class TftpServer implements AsyncDisposable {
  readonly metrics: TftpMetrics;
  readonly #parts: TftpServerParts;
  readonly #transfers = new Set<TftpTransfer>();
  readonly #running = new Set<Promise<void>>();
  /** Requests per client and in all, from their arrival to the end of their transfer. */
  readonly #perClient = new Map<Ipv4, number>();
  readonly #starting = new Set<string>();
  #count = 0;
  #socket: DatagramSocket | undefined;

  constructor(parts: TftpServerParts) {
    this.#parts = parts;
    this.metrics = new TftpMetrics(parts.metrics, () => this.#count);
  }

  get local(): Endpoint | undefined {
    return this.#socket?.local;
  }

  get sessions(): number {
    return this.#count;
  }

  async start(): Promise<void> {
    const { config, sockets, logger } = this.#parts;
    if (!config.tftpEnabled) return;
    this.#socket = await sockets.open({ address: config.tftpAddress, port: config.tftpPort });
    this.#socket.onDatagram((bytes, from) => {
      this.#receive(bytes, from);
    });
    logger.info({ local: this.#socket.local }, 'TFTP is served');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const socket = this.#socket;
    this.#socket = undefined;
    await socket?.[Symbol.asyncDispose]();
    for (const transfer of this.#transfers) transfer.stop();
    await Promise.all(this.#running);
  }

  #receive(bytes: Uint8Array, from: Endpoint): void {
    const packet = decodeTftp(bytes);
    if (!packet.ok) {
      this.#refuse(from, 'garbage', errorFor(packet.fault));
      return;
    }
    const { value } = packet;
    if (value.kind !== 'rrq' && value.kind !== 'wrq') {
      this.metrics.ended('garbage');
      return;
    }
    const refusal = refusalOf(value);
    if (refusal !== undefined) {
      this.#refuse(from, 'refused', refusal);
      return;
    }
    this.#begin(value, from);
  }

  #begin(request: TftpRequest, from: Endpoint): void {
    const client = `${from.address}:${from.port}`;
    // A repeated request whose first one is still being opened: the client gets one transfer.
    if (this.#starting.has(client)) return;
    if (!this.#hasRoom(from.address)) {
      this.#refuse(from, 'overloaded', errorPacket(ErrorCode.notDefined, 'too many transfers, try again'));
      return;
    }
    this.#starting.add(client);
    this.#occupy(from.address, 1);
    const running = this.#serve(request, from)
      .catch((error: unknown) => {
        this.metrics.ended('failed');
        this.#parts.logger.error({ err: error, client: from }, 'a TFTP request could not be served');
      })
      .finally(() => {
        this.#starting.delete(client);
        this.#occupy(from.address, -1);
        this.#running.delete(running);
      });
    this.#running.add(running);
  }

  #hasRoom(address: Ipv4): boolean {
    const { tftpMaxSessions, tftpMaxSessionsPerClient } = this.#parts.config;
    return this.#count < tftpMaxSessions && (this.#perClient.get(address) ?? 0) < tftpMaxSessionsPerClient;
  }

  #occupy(address: Ipv4, change: 1 | -1): void {
    this.#count += change;
    const own = (this.#perClient.get(address) ?? 0) + change;
    if (own === 0) this.#perClient.delete(address);
    else this.#perClient.set(address, own);
  }

  async #serve(request: TftpRequest, client: Endpoint): Promise<void> {
    const asset = await this.#open(request);
    if (typeof asset === 'string') {
      const isMissing = asset === 'not-found';
      const code = isMissing ? ErrorCode.fileNotFound : ErrorCode.accessViolation;
      this.#parts.logger.info({ file: request.filename, client, reason: asset }, 'TFTP request refused');
      this.#refuse(
        client,
        isMissing ? 'not-found' : 'forbidden',
        errorPacket(code, isMissing ? 'no such file' : 'not allowed'),
      );
      return;
    }
    await this.#transfer(request, client, asset);
  }

  async #open(request: TftpRequest): Promise<Asset | AssetRefusal> {
    const name = tftpPath(request.filename);
    return name.ok ? this.#parts.assets.open(withoutMac(name.value)) : 'outside-root';
  }

  async #transfer(request: TftpRequest, client: Endpoint, asset: Asset): Promise<void> {
    const { sockets, clock, logger, config } = this.#parts;
    let socket: DatagramSocket;
    try {
      socket = await sockets.open({ address: config.tftpAddress, port: 0 });
    } catch (error) {
      await asset.handle.close();
      throw error;
    }
    const transfer = new TftpTransfer({ request, client, asset, socket, clock, logger });
    this.#transfers.add(transfer);
    this.#starting.delete(`${client.address}:${client.port}`);
    const outcome = await transfer.run();
    this.#transfers.delete(transfer);
    this.metrics.transferred(transfer.acknowledgedBytes, transfer.retransmissions);
    this.metrics.ended(outcome.kind);
    logger.info({ file: request.filename, client, bytes: transfer.acknowledgedBytes, outcome }, 'TFTP transfer ended');
  }

  #refuse(to: Endpoint, outcome: TftpOutcome, error: ErrorPacket | undefined): void {
    this.metrics.ended(outcome);
    if (error !== undefined) this.#socket?.send(encodeTftp(error), to);
  }
}
