import { ipv4FromNumber, ipv4ToNumber, type Ipv4 } from '@rackwright/kernel';
import type { DatagramHandler, Endpoint } from '@rackwright/contracts';
import { libc, type Libc } from './libc.js';

/** Datagrams per system call; more gain little. */
const SLOTS = 64;
/** The largest UDP payload fits, so nothing is ever cut. Pages that no datagram reaches take no memory. */
const RECEIVE_SLOT_BYTES = 65_536;
const SEND_AREA_BYTES = 1_048_576;

/** Layout of the structures of recvmmsg(2) where pointers have eight octets. */
const MESSAGE_BYTES = 64;
const MessageField = { name: 0, nameLength: 8, vector: 16, vectorLength: 24, length: 56 } as const;
const VECTOR_BYTES = 16;
const NAME_BYTES = 16;
const AF_INET = 2;
const MSG_DONTWAIT = 0x40;

/** A datagram and where it goes. */
export interface OutgoingDatagram {
  readonly bytes: Uint8Array;
  readonly to: Endpoint;
}

/** Several datagrams per system call: recvmmsg(2) and sendmmsg(2). */
export interface MessageBatches {
  /** Datagrams per call at most. */
  readonly batchSize: number;
  /** Gives what waits in the socket to `handler`, at most {@link batchSize} datagrams; how many there were. */
  receive(descriptor: number, handler: DatagramHandler): number;
  /** Sends datagrams from index `first` on; how many the kernel took, which may be none. */
  send(descriptor: number, datagrams: readonly OutgoingDatagram[], first: number): number;
}

let bound: MessageBatches | undefined;

/**
 * Binds the calls on first use; `undefined` where they or the layout of their structures are not available. One set of
 * buffers serves every socket: a datagram is handled before the next batch is read.
 */
export function messageBatches(): MessageBatches | undefined {
  if (bound !== undefined) return bound;
  if (process.platform !== 'linux' || (process.arch !== 'x64' && process.arch !== 'arm64')) return undefined;
  try {
    bound = bindCalls(libc());
  } catch {
    // Without the foreign-function library sockets work as well, one datagram at a time.
    return undefined;
  }
  return bound;
}

function bindCalls(library: Libc): MessageBatches {
  const receiveMany = library.func('int recvmmsg(int fd, void *messages, uint32_t count, int flags, void *timeout)');
  const sendMany = library.func('int sendmmsg(int fd, void *messages, uint32_t count, int flags)');
  const incoming = new MessageTable(library, SLOTS * RECEIVE_SLOT_BYTES);
  const outgoing = new MessageTable(library, SEND_AREA_BYTES);
  for (let slot = 0; slot < SLOTS; slot += 1) incoming.place(slot, slot * RECEIVE_SLOT_BYTES, RECEIVE_SLOT_BYTES);
  return {
    batchSize: SLOTS,
    receive: (descriptor, handler) => {
      const count = receiveMany(descriptor, incoming.messages, SLOTS, MSG_DONTWAIT, null);
      for (let slot = 0; slot < count; slot += 1) {
        const from = incoming.endpointOf(slot);
        handler(incoming.received(slot, slot * RECEIVE_SLOT_BYTES), from);
      }
      return Math.max(0, count);
    },
    send: (descriptor, datagrams, first) => {
      const count = outgoing.fill(datagrams, first);
      return count === 0 ? 0 : Math.max(0, sendMany(descriptor, outgoing.messages, count, MSG_DONTWAIT));
    },
  };
}

/** An array of `struct mmsghdr`, each with one piece of a shared area and a peer's address. */
class MessageTable {
  readonly messages = Buffer.alloc(SLOTS * MESSAGE_BYTES);
  readonly #vectors = Buffer.alloc(SLOTS * VECTOR_BYTES);
  readonly #names = Buffer.alloc(SLOTS * NAME_BYTES);
  readonly #area: Buffer;
  readonly #areaAddress: bigint;
  #lastNumber = -1;
  #lastAddress = '' as Ipv4;

  constructor({ addressOf }: Libc, areaBytes: number) {
    this.#area = Buffer.allocUnsafeSlow(areaBytes);
    this.#areaAddress = addressOf(this.#area);
    const [vectors, names] = [addressOf(this.#vectors), addressOf(this.#names)];
    for (let slot = 0; slot < SLOTS; slot += 1) {
      const at = slot * MESSAGE_BYTES;
      this.messages.writeBigUInt64LE(names + BigInt(slot * NAME_BYTES), at + MessageField.name);
      this.messages.writeUInt32LE(NAME_BYTES, at + MessageField.nameLength);
      this.messages.writeBigUInt64LE(vectors + BigInt(slot * VECTOR_BYTES), at + MessageField.vector);
      this.messages.writeBigUInt64LE(1n, at + MessageField.vectorLength);
      this.#names.writeUInt16LE(AF_INET, slot * NAME_BYTES);
    }
  }

  /** Lets a message use `length` octets of the area from `start`. */
  place(slot: number, start: number, length: number): void {
    this.#vectors.writeBigUInt64LE(this.#areaAddress + BigInt(start), slot * VECTOR_BYTES);
    this.#vectors.writeUInt32LE(length, slot * VECTOR_BYTES + 8);
  }

  received(slot: number, start: number): Uint8Array {
    return this.#area.subarray(start, start + this.messages.readUInt32LE(slot * MESSAGE_BYTES + MessageField.length));
  }

  /** The peer of a message. Relays are few: the text of the last address is kept. */
  endpointOf(slot: number): Endpoint {
    const number = this.#names.readUInt32BE(slot * NAME_BYTES + 4);
    if (number !== this.#lastNumber) {
      this.#lastNumber = number;
      this.#lastAddress = ipv4FromNumber(number);
    }
    return { address: this.#lastAddress, port: this.#names.readUInt16BE(slot * NAME_BYTES + 2) };
  }

  /** Copies datagrams in from index `first` on until the slots or the area are full; how many. */
  fill(datagrams: readonly OutgoingDatagram[], first: number): number {
    let start = 0;
    let slot = 0;
    for (; slot < SLOTS; slot += 1) {
      const { bytes, to } = datagrams[first + slot] ?? {};
      if (bytes === undefined || to === undefined || start + bytes.length > this.#area.length) break;
      this.#area.set(bytes, start);
      this.place(slot, start, bytes.length);
      this.#names.writeUInt16BE(to.port, slot * NAME_BYTES + 2);
      this.#names.writeUInt32BE(this.#numberOf(to.address), slot * NAME_BYTES + 4);
      start += bytes.length;
    }
    return slot;
  }

  #numberOf(address: Ipv4): number {
    if (address !== this.#lastAddress) {
      this.#lastNumber = ipv4ToNumber(address);
      this.#lastAddress = address;
    }
    return this.#lastNumber;
  }
}
