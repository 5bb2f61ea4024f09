import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { decodeTftp, encodeTftp, type TftpPacket } from '@rackwright/protocol-tftp';
import { pause } from './dhcp-client.js';

export interface TftpDownload {
  readonly address: string;
  readonly port: number;
  readonly filename: string;
  /** Default 127.0.0.1; each machine has a loopback address of its own, as the server counts clients by address. */
  readonly localAddress?: string;
  readonly blockSizeBytes?: number;
  readonly retryMs?: number;
  readonly attempts?: number;
}

/** The file did not come: the server refused (RFC 1350 ERROR), fell silent or sent something else than announced. */
export class TftpFailed extends Error {
  constructor(filename: string, reason: string) {
    super(`${filename}: ${reason}`);
    this.name = 'TftpFailed';
  }
}

function refused(filename: string, { code, message }: { readonly code: number; readonly message: string }): TftpFailed {
  return new TftpFailed(filename, `TFTP error ${String(code)}: ${message}`);
}

const DEFAULT_RETRY_MS = 500;
const DEFAULT_ATTEMPTS = 40;
/** Without option blksize: RFC 1350 section 2. */
const DEFAULT_BLOCK_SIZE_BYTES = 512;

interface Arrival {
  readonly packet: TftpPacket;
  readonly from: RemoteInfo;
}

/** One datagram socket of a client, with a queue of what arrived. */
class TftpPort implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #queue: Arrival[] = [];
  #wake: () => void = () => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (bytes, from) => {
      const decoded = decodeTftp(bytes);
      if (!decoded.ok) return;
      this.#queue.push({ packet: decoded.value, from });
      this.#wake();
    });
  }

  static async open(localAddress = '127.0.0.1'): Promise<TftpPort> {
    const socket = createSocket('udp4');
    socket.bind(0, localAddress);
    await once(socket, 'listening');
    return new TftpPort(socket);
  }

  send(packet: TftpPacket, to: { readonly address: string; readonly port: number }): void {
    this.#socket.send(encodeTftp(packet), to.port, to.address);
  }

  async receive(waitMs: number, signal: AbortSignal): Promise<Arrival | undefined> {
    if (this.#queue.length === 0) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await Promise.race([woken, pause(waitMs, signal)]);
    }
    return this.#queue.shift();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    await closed;
  }
}

/** Asks for the size of a file and aborts the transfer, as UEFI firmware does first. */
export async function probeSize(download: TftpDownload, signal: AbortSignal): Promise<number> {
  await using port = await TftpPort.open(download.localAddress);
  const { packet, from } = await ask(port, download, signal);
  port.send({ kind: 'error', code: 8, message: 'User aborted the transfer' }, from);
  if (packet.kind !== 'oack') throw new TftpFailed(download.filename, 'the server ignores tsize');
  return Number(packet.options.get('tsize'));
}

/** Fetches a file: RFC 1350 with blksize and tsize. */
export async function fetchTftp(download: TftpDownload, signal: AbortSignal): Promise<Uint8Array> {
  await using port = await TftpPort.open(download.localAddress);
  const first = await ask(port, download, signal);
  const options = first.packet.kind === 'oack' ? first.packet.options : new Map<string, string>();
  const received = new ReceivedBlocks(Number(options.get('blksize') ?? DEFAULT_BLOCK_SIZE_BYTES));
  received.take(first.packet);
  await receiveRest({ port, download, received, server: first.from }, signal);
  return checked(received.content(), options.get('tsize'), download.filename);
}

interface Transfer {
  readonly port: TftpPort;
  readonly download: TftpDownload;
  readonly received: ReceivedBlocks;
  readonly server: RemoteInfo;
}

async function receiveRest({ port, download, received, server }: Transfer, signal: AbortSignal): Promise<void> {
  const { retryMs = DEFAULT_RETRY_MS, attempts = DEFAULT_ATTEMPTS, filename } = download;
  for (let silences = 0; silences <= attempts;) {
    port.send({ kind: 'ack', block: received.count & 0xffff }, server);
    if (received.isComplete) return;
    const arrival = await receiveFrom(server, port, { waitMs: retryMs, signal });
    if (arrival?.packet.kind === 'error') throw refused(filename, arrival.packet);
    silences = arrival !== undefined && received.take(arrival.packet) ? 0 : silences + 1;
  }
  throw new TftpFailed(filename, `the server fell silent after block ${String(received.count)}`);
}

/** A request that was repeated may be answered twice, the second time as another transfer: RFC 1350 section 4. */
async function receiveFrom(
  server: RemoteInfo,
  port: TftpPort,
  { waitMs, signal }: { readonly waitMs: number; readonly signal: AbortSignal },
): Promise<Arrival | undefined> {
  for (;;) {
    const arrival = await port.receive(waitMs, signal);
    if (arrival === undefined || arrival.from.port === server.port) return arrival;
  }
}

/** The blocks of a transfer so far, in order. */
class ReceivedBlocks {
  readonly #blocks: Uint8Array[] = [];
  readonly #blockSizeBytes: number;

  constructor(blockSizeBytes: number) {
    this.#blockSizeBytes = blockSizeBytes;
  }

  get count(): number {
    return this.#blocks.length;
  }

  /** A block shorter than the agreed size is the last: RFC 1350 section 6. */
  get isComplete(): boolean {
    const last = this.#blocks.at(-1);
    return last !== undefined && last.length < this.#blockSizeBytes;
  }

  /** Whether it was the next block. */
  take(packet: TftpPacket): boolean {
    if (packet.kind !== 'data' || packet.block !== ((this.count + 1) & 0xffff)) return false;
    this.#blocks.push(Uint8Array.from(packet.data));
    return true;
  }

  content(): Uint8Array {
    return Buffer.concat(this.#blocks);
  }
}

function checked(content: Uint8Array, tsize: string | undefined, filename: string): Uint8Array {
  if (tsize !== undefined && Number(tsize) !== content.length) {
    throw new TftpFailed(filename, `announced ${tsize} bytes and sent ${String(content.length)}`);
  }
  return content;
}

async function ask(port: TftpPort, download: TftpDownload, signal: AbortSignal): Promise<Arrival> {
  const options = new Map([
    ['tsize', '0'],
    ['blksize', String(download.blockSizeBytes ?? 1_468)],
  ]);
  for (let attempt = 0; attempt < (download.attempts ?? DEFAULT_ATTEMPTS); attempt += 1) {
    port.send({ kind: 'rrq', filename: download.filename, mode: 'octet', options }, download);
    const arrival = await port.receive(download.retryMs ?? DEFAULT_RETRY_MS, signal);
    if (arrival?.packet.kind === 'error') {
      throw refused(download.filename, arrival.packet);
    }
    if (arrival !== undefined) return arrival;
  }
  throw new TftpFailed(download.filename, `no answer from ${download.address}:${String(download.port)}`);
}
