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
const DEFAULT_ATTEMPTS = 20;

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
  const server = first.from;
  const options = first.packet.kind === 'oack' ? first.packet.options : new Map<string, string>();
  const blockSizeBytes = Number(options.get('blksize') ?? 512);
  const blocks: Uint8Array[] = [];
  let reply: TftpPacket = { kind: 'ack', block: 0 };
  let arrival: Arrival | undefined = first;
  let silences = 0;
  for (;;) {
    if (arrival?.packet.kind === 'error') throw refused(download.filename, arrival.packet);
    if (arrival?.packet.kind === 'data' && arrival.packet.block === ((blocks.length + 1) & 0xffff)) {
      silences = 0;
      blocks.push(Uint8Array.from(arrival.packet.data));
      reply = { kind: 'ack', block: blocks.length & 0xffff };
    }
    port.send(reply, server);
    const last = blocks.at(-1);
    if (last !== undefined && last.length < blockSizeBytes) break;
    arrival = await port.receive(download.retryMs ?? DEFAULT_RETRY_MS, signal);
    if (arrival === undefined && (silences += 1) > (download.attempts ?? DEFAULT_ATTEMPTS)) {
      throw new TftpFailed(download.filename, `the server fell silent after block ${String(blocks.length)}`);
    }
  }
  return checked(Buffer.concat(blocks), options.get('tsize'), download.filename);
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
