import type { MessagePort } from 'node:worker_threads';
import { receiveMessageOnPort } from 'node:worker_threads';
import type { FileTransfer } from '@rackwright/contracts';
import { ipv4ToNumber, type Ipv4 } from '@rackwright/kernel';
import { decodeTftp, Opcode } from '@rackwright/protocol-tftp';
import { DatagramSender } from './datagram-sender.js';
import { FileSender } from './file-sender.js';
import type { LinuxCalls } from './linux-calls.js';
import { MappedFile } from './mapped-file.js';
import { NativeMemory } from './native-memory.js';
import * as Layout from './socket-layout.js';
import type { FromThread, ThreadData, ToThread } from './thread-messages.js';

const MAX_EVENTS = 256;
/** Acknowledgements are short; what is longer is cut, and refused all the same. */
const PACKET_BYTES = 1_024;
/** How late a retransmission may be: seconds are usual between them. */
const SWEEP_MS = 25;
/** A thread that waits in the kernel cannot be ended; this is how long a process that exits waits for it at most. */
const IDLE_MS = 500;
/** Room for the largest window, where the kernel grants it. */
const SEND_BUFFER_BYTES = 1_048_576;

const EVENTS_AT = 0;
const NAME_AT = EVENTS_AT + MAX_EVENTS * 16;
const MESSAGE_AT = NAME_AT + Layout.SOCKET_ADDRESS_BYTES;
const PIECE_AT = MESSAGE_AT + Layout.MANY_MESSAGE_BYTES;
const SCRATCH_AT = PIECE_AT + Layout.PIECE_BYTES;
const PACKET_AT = SCRATCH_AT + 64;

/** Waits for the packets of all transfers of this thread, with calls that hold the thread instead of the event loop. */
export class TransferLoop {
  readonly #calls: LinuxCalls;
  readonly #data: ThreadData;
  readonly #port: MessagePort;
  readonly #memory: NativeMemory;
  readonly #sender: DatagramSender;
  readonly #epoll: number;
  readonly #transfers = new Map<number, FileSender>();
  #isStopping = false;
  #sweepAtMs = 0;
  #nowMs = performance.now();

  constructor(calls: LinuxCalls, data: ThreadData, port: MessagePort) {
    this.#calls = calls;
    this.#data = data;
    this.#port = port;
    this.#memory = new NativeMemory(calls, PACKET_AT + PACKET_BYTES);
    this.#sender = new DatagramSender(calls);
    this.#epoll = calls.epollCreate(Layout.EPOLL_CLOEXEC);
    this.#layOut();
    this.#watch(data.wakeDescriptor);
  }

  /** Runs until it is told to stop. */
  run(): void {
    this.#post({ kind: 'ready' });
    while (!this.#isStopping) {
      if (this.#transfers.size === 1) this.#attendTheOnlyOne();
      else this.#attendAll();
      if (this.#nowMs >= this.#sweepAtMs) this.#sweep();
    }
    for (const [descriptor, transfer] of this.#transfers) {
      transfer.stop();
      this.#endIfOver(descriptor, transfer);
    }
    this.#calls.close(this.#epoll);
  }

  #attendAll(): void {
    const waitMs = this.#transfers.size === 0 ? IDLE_MS : SWEEP_MS;
    const events = this.#memory.address + EVENTS_AT;
    const count = this.#calls.epollWait(this.#epoll, events, MAX_EVENTS, waitMs);
    this.#nowMs = performance.now();
    for (let index = 0; index < count; index += 1) {
      const descriptor = this.#memory.u32(EVENTS_AT + index * Layout.EVENT_BYTES + Layout.EventField.descriptor);
      if (descriptor === this.#data.wakeDescriptor) this.#takeMessages();
      else this.#receive(descriptor, Layout.MSG_DONTWAIT);
    }
  }

  /** Waits in its socket, which spares a call per packet; messages wait for its next packet or a sweep. */
  #attendTheOnlyOne(): void {
    for (const descriptor of this.#transfers.keys()) this.#receive(descriptor, 0);
    if (Atomics.load(this.#data.flag, 0) === 1) this.#takeMessages();
  }

  #layOut(): void {
    const memory = this.#memory;
    const { MessageField, PieceField } = Layout;
    memory.setWord(MESSAGE_AT + MessageField.name, memory.address + NAME_AT);
    memory.setWord(MESSAGE_AT + MessageField.pieces, memory.address + PIECE_AT);
    memory.setWord(MESSAGE_AT + MessageField.pieceCount, 1);
    memory.setWord(PIECE_AT + PieceField.start, memory.address + PACKET_AT);
    memory.setWord(PIECE_AT + PieceField.length, PACKET_BYTES);
  }

  #watch(descriptor: number): number {
    const memory = this.#memory;
    memory.setU32(SCRATCH_AT + Layout.EventField.events, Layout.EPOLLIN);
    memory.setWord(SCRATCH_AT + Layout.EventField.descriptor, descriptor);
    return this.#calls.epollControl(this.#epoll, Layout.EPOLL_CTL_ADD, descriptor, memory.address + SCRATCH_AT);
  }

  #sweep(): void {
    const nowMs = this.#nowMs;
    this.#sweepAtMs = nowMs + SWEEP_MS;
    for (const [descriptor, transfer] of this.#transfers) {
      transfer.advance(nowMs);
      this.#endIfOver(descriptor, transfer);
    }
  }

  #takeMessages(): void {
    Atomics.store(this.#data.flag, 0, 0);
    this.#calls.read(this.#data.wakeDescriptor, this.#memory.address + SCRATCH_AT, 8);
    for (let next = receiveMessageOnPort(this.#port); next !== undefined; next = receiveMessageOnPort(this.#port)) {
      const message = next.message as ToThread;
      if (message.kind === 'stop') this.#isStopping = true;
      else this.#begin(message.id, message.transfer);
    }
  }

  #begin(id: number, transfer: FileTransfer): void {
    const request = decodeTftp(transfer.request);
    if (!request.ok || request.value.kind !== 'rrq') {
      this.#post({ kind: 'unable', id, why: 'not a read request' });
      return;
    }
    const descriptor = this.#openSocket(transfer.localAddress);
    if (typeof descriptor === 'string') {
      this.#post({ kind: 'unable', id, why: descriptor });
      return;
    }
    const file = MappedFile.open(this.#calls, transfer.descriptor, transfer.sizeBytes);
    if (file === undefined) {
      this.#post({ kind: 'unable', id, why: `mmap: ${this.#calls.errorName()}` });
      this.#calls.close(descriptor);
      return;
    }
    const parts = { id, transfer, request: request.value, descriptor, file, nowMs: performance.now() };
    const sender = new FileSender({ ...parts, sender: this.#sender });
    this.#transfers.set(descriptor, sender);
    this.#endIfOver(descriptor, sender);
  }

  /** The descriptor, or the call that failed. */
  #openSocket(address: Ipv4): number | string {
    const calls = this.#calls;
    const memory = this.#memory;
    const scratch = memory.address + SCRATCH_AT;
    const { AF_INET, SocketAddressField, SOL_SOCKET, SO_SNDBUF } = Layout;
    const descriptor = calls.socket(AF_INET, Layout.SOCK_DGRAM_CLOEXEC, 0);
    if (descriptor < 0) return `socket: ${calls.errorName()}`;
    memory.setU32(SCRATCH_AT, SEND_BUFFER_BYTES);
    calls.setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, scratch, 4);
    memory.setWord(SCRATCH_AT, 0);
    memory.setWord(SCRATCH_AT + 8, SWEEP_MS * 1_000);
    calls.setsockopt(descriptor, SOL_SOCKET, Layout.SO_RCVTIMEO, scratch, 16);
    memory.setU16(SCRATCH_AT + SocketAddressField.family, AF_INET);
    memory.setNetU16(SCRATCH_AT + SocketAddressField.port, 0);
    memory.setNetU32(SCRATCH_AT + SocketAddressField.address, ipv4ToNumber(address));
    let failed: string | undefined;
    if (calls.bind(descriptor, scratch, Layout.SOCKET_ADDRESS_BYTES) < 0) failed = `bind: ${calls.errorName()}`;
    else if (this.#watch(descriptor) < 0) failed = `epoll_ctl: ${calls.errorName()}`;
    if (failed !== undefined) calls.close(descriptor);
    return failed ?? descriptor;
  }

  #receive(descriptor: number, flags: number): void {
    const transfer = this.#transfers.get(descriptor);
    if (transfer === undefined) return;
    const memory = this.#memory;
    memory.setU32(MESSAGE_AT + Layout.MessageField.nameLength, Layout.SOCKET_ADDRESS_BYTES);
    const length = this.#calls.recvmsg(descriptor, memory.address + MESSAGE_AT, flags);
    if (flags === 0) this.#nowMs = performance.now();
    if (length < 0) return;
    const { client } = transfer;
    const port = memory.netU16(NAME_AT + Layout.SocketAddressField.port);
    const address = memory.netU32(NAME_AT + Layout.SocketAddressField.address);
    if (port !== client.port || address !== client.address) {
      const packet = this.#decode(length);
      if (packet.ok) transfer.refuse({ descriptor, address, port }, packet.value);
      return;
    }
    if (length >= 4 && memory.netU16(PACKET_AT) === Opcode.ACK) {
      transfer.acknowledge(memory.netU16(PACKET_AT + 2), this.#nowMs);
    } else {
      const packet = this.#decode(length);
      if (packet.ok) transfer.receive(packet.value);
    }
    this.#endIfOver(descriptor, transfer);
  }

  #decode(length: number): ReturnType<typeof decodeTftp> {
    return decodeTftp(this.#memory.bytes.slice(PACKET_AT, PACKET_AT + Math.min(length, PACKET_BYTES)));
  }

  #endIfOver(descriptor: number, transfer: FileSender): void {
    const { report } = transfer;
    if (report === undefined) return;
    this.#transfers.delete(descriptor);
    transfer.file.close();
    this.#calls.close(descriptor);
    this.#post({ kind: 'report', id: transfer.id, report });
  }

  #post(message: FromThread): void {
    this.#port.postMessage(message);
  }
}
