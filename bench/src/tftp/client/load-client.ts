import { encodeTftp } from '@rackwright/protocol-tftp';
import { ClientSession, NOTHING } from './client-session.js';
import { Arena, loadLinuxCalls } from './linux-calls.js';
import type { Load, LoadResult } from './load.js';

const AF_INET = 2;
const SOCK_DGRAM = 2;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_RCVTIMEO = 20;
const MSG_DONTWAIT = 0x40;
const MSG_WAITFORONE = 0x10000;
const EPOLL_CTL_ADD = 1;
const EPOLLIN = 1;

const VECTOR = 32;
const SLOT_BYTES = 2_048;
const MMSGHDR_BYTES = 64;
const MSG_LEN_AT = 56;
const IOVEC_BYTES = 16;
const SOCKADDR_BYTES = 16;
const EPOLL_EVENT_BYTES = 12;
const MAX_EVENTS = 128;
const STALL_MS = 1_000;
const RECEIVE_BUFFER_BYTES = 1_048_576;

/** Where things lie in the client's memory. */
const HEADERS_AT = 0;
const VECTORS_AT = HEADERS_AT + VECTOR * MMSGHDR_BYTES;
const NAMES_AT = VECTORS_AT + VECTOR * IOVEC_BYTES;
const EVENTS_AT = NAMES_AT + VECTOR * SOCKADDR_BYTES;
const OUT_AT = EVENTS_AT + MAX_EVENTS * EPOLL_EVENT_BYTES;
const SLOTS_AT = OUT_AT + 1_024;

/** Servers bound the transfers of one address. */
const CLIENTS_PER_ADDRESS = 50;

function addressOf(client: number): string {
  return `127.0.1.${String(1 + Math.floor(client / CLIENTS_PER_ADDRESS))}`;
}

/** As many TFTP clients as asked for, in one thread over blocking system calls, so that the server is what is measured. */
export class LoadClient {
  readonly #load: Load;
  readonly #calls = loadLinuxCalls();
  readonly #arena = new Arena(SLOTS_AT + VECTOR * SLOT_BYTES);
  readonly #epoll: number;
  readonly #sessions = new Map<number, ClientSession>();
  #open = 0;
  #stalls = 0;

  constructor(load: Load) {
    this.#load = load;
    this.#epoll = this.#calls.epollCreate(0);
    this.#layOut();
  }

  run(): LoadResult {
    for (let client = 0; client < this.#load.clients; client += 1) this.#openSocket();
    const startedAt = performance.now();
    const cpu = process.cpuUsage();
    for (const descriptor of this.#sessions.keys()) this.#request(descriptor);
    const endsAt = startedAt + this.#load.maxSeconds * 1_000;
    const isAlone = this.#sessions.size === 1;
    while (this.#open > 0 && performance.now() < endsAt) {
      if (isAlone) this.#receive(this.#first(), MSG_WAITFORONE);
      else this.#poll();
    }
    const seconds = (performance.now() - startedAt) / 1_000;
    const { user, system } = process.cpuUsage(cpu);
    this.#leave();
    const all = [...this.#sessions.values()];
    const sum = (of: (session: ClientSession) => number): number => all.reduce((total, one) => total + of(one), 0);
    return {
      bytes: sum(({ bytes }) => bytes),
      seconds,
      cpuSeconds: (user + system) / 1e6,
      finished: all.filter(({ isDone }) => isDone).length,
      stalls: this.#stalls,
      gaps: sum(({ gaps }) => gaps),
      fewestBytes: Math.min(...all.map(({ bytes }) => bytes)),
      windowBlocks: all[0]?.windowBlocks ?? 0,
    };
  }

  #layOut(): void {
    const arena = this.#arena;
    for (let index = 0; index < VECTOR; index += 1) {
      const header = HEADERS_AT + index * MMSGHDR_BYTES;
      const vector = VECTORS_AT + index * IOVEC_BYTES;
      arena.point(header, NAMES_AT + index * SOCKADDR_BYTES);
      arena.bytes.writeUInt32LE(SOCKADDR_BYTES, header + 8);
      arena.point(header + 16, vector);
      arena.bytes.writeBigUInt64LE(1n, header + 24);
      arena.point(vector, SLOTS_AT + index * SLOT_BYTES);
      arena.bytes.writeBigUInt64LE(BigInt(SLOT_BYTES), vector + 8);
    }
  }

  #openSocket(): void {
    const { bytes, address } = this.#arena;
    const descriptor = this.#calls.socket(AF_INET, SOCK_DGRAM, 0);
    if (descriptor < 0) throw new Error('no socket');
    bytes.writeUInt32LE(RECEIVE_BUFFER_BYTES, OUT_AT);
    this.#calls.setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, address + OUT_AT, 4);
    bytes.writeBigUInt64LE(BigInt(STALL_MS / 1_000), OUT_AT);
    bytes.writeBigUInt64LE(0n, OUT_AT + 8);
    this.#calls.setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, address + OUT_AT, 16);
    this.#writeAddress(OUT_AT, addressOf(this.#sessions.size), 0);
    if (this.#calls.bind(descriptor, address + OUT_AT, SOCKADDR_BYTES) < 0) throw new Error('cannot bind');
    bytes.writeUInt32LE(EPOLLIN, OUT_AT);
    bytes.writeInt32LE(descriptor, OUT_AT + 4);
    this.#calls.epollControl(this.#epoll, EPOLL_CTL_ADD, descriptor, address + OUT_AT);
    this.#sessions.set(descriptor, new ClientSession(this.#load));
    this.#open += 1;
  }

  #writeAddress(at: number, address: string, port: number): void {
    const { bytes } = this.#arena;
    bytes.fill(0, at, at + SOCKADDR_BYTES);
    bytes.writeUInt16LE(AF_INET, at);
    bytes.writeUInt16BE(port, at + 2);
    bytes.set(address.split('.').map(Number), at + 4);
  }

  #request(descriptor: number): void {
    const { file, blockSizeBytes, windowBlocks, address, port } = this.#load;
    const options = new Map<string, string>();
    if (blockSizeBytes !== 512) options.set('blksize', String(blockSizeBytes));
    if (windowBlocks !== 1) options.set('windowsize', String(windowBlocks));
    const packet = encodeTftp({ kind: 'rrq', filename: file, mode: 'octet', options });
    this.#arena.bytes.set(packet, OUT_AT + SOCKADDR_BYTES);
    this.#writeAddress(OUT_AT, address, port);
    const to = this.#arena.address + OUT_AT;
    this.#calls.sendto(descriptor, to + SOCKADDR_BYTES, packet.length, 0, to, SOCKADDR_BYTES);
  }

  #poll(): void {
    const { bytes, address } = this.#arena;
    const count = this.#calls.epollWait(this.#epoll, address + EVENTS_AT, MAX_EVENTS, STALL_MS);
    if (count === 0) for (const descriptor of this.#sessions.keys()) this.#repeat(descriptor);
    for (let index = 0; index < count; index += 1) {
      this.#receive(bytes.readInt32LE(EVENTS_AT + index * EPOLL_EVENT_BYTES + 4), MSG_DONTWAIT);
    }
  }

  #first(): number {
    return this.#sessions.keys().next().value ?? -1;
  }

  #receive(descriptor: number, flags: number): void {
    const session = this.#sessions.get(descriptor);
    if (session === undefined) throw new Error('an event for no session');
    const { bytes, address } = this.#arena;
    const count = this.#calls.recvmmsg(descriptor, address + HEADERS_AT, VECTOR, flags, 0);
    if (count <= 0) {
      if (flags === MSG_WAITFORONE) this.#repeat(descriptor);
      return;
    }
    if (!session.isConnected) {
      this.#calls.connect(descriptor, address + NAMES_AT, SOCKADDR_BYTES);
      session.isConnected = true;
    }
    for (let index = 0; index < count && !session.isDone; index += 1) {
      const length = bytes.readUInt32LE(HEADERS_AT + index * MMSGHDR_BYTES + MSG_LEN_AT);
      const block = session.take(bytes, SLOTS_AT + index * SLOT_BYTES, length);
      if (block !== NOTHING) this.#acknowledge(descriptor, block);
    }
    if (session.isDone) this.#open -= 1;
  }

  #acknowledge(descriptor: number, block: number): void {
    const { bytes, address } = this.#arena;
    bytes.writeUInt16BE(4, OUT_AT);
    bytes.writeUInt16BE(block, OUT_AT + 2);
    this.#calls.send(descriptor, address + OUT_AT, 4, 0);
  }

  #repeat(descriptor: number): void {
    const session = this.#sessions.get(descriptor);
    if (session === undefined || session.isDone) return;
    this.#stalls += 1;
    if (session.isConnected) this.#acknowledge(descriptor, session.last);
    else this.#request(descriptor);
  }

  /** Tells the server that unfinished transfers are over, so that they do not weigh on the next measurement. */
  #leave(): void {
    const { bytes, address } = this.#arena;
    for (const [descriptor, session] of this.#sessions) {
      bytes.set(encodeTftp({ kind: 'error', code: 0, message: 'measured' }), OUT_AT);
      if (session.isConnected && !session.isDone) this.#calls.send(descriptor, address + OUT_AT, 14, 0);
      this.#calls.close(descriptor);
    }
    this.#calls.close(this.#epoll);
  }
}
