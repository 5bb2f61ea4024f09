import type { LinuxCalls } from './linux-calls.js';
import { NativeMemory } from './native-memory.js';
import {
  AF_INET,
  CONTROL_BYTES,
  ControlField,
  MANY_MESSAGE_BYTES,
  MessageField,
  MSG_DONTWAIT,
  PIECE_BYTES,
  PieceField,
  SEGMENT_CONTROL_LENGTH,
  SOCKET_ADDRESS_BYTES,
  SocketAddressField,
  SOL_UDP,
  UDP_SEGMENT,
} from './socket-layout.js';

/** The kernel segments at most so many datagrams of one call (`UDP_MAX_SEGMENTS` in all kernels that can). */
const MAX_DATAGRAMS = 64;
/** The largest UDP payload over IPv4; what is segmented must fit in it as well. */
const MAX_PAYLOAD_BYTES = 65_507;
const DATA_OPCODE = 3;
const HEADER_BYTES = 4;
const CONTROL_PACKET_BYTES = 1_024;

const NAME_AT = 0;
const CONTROL_AT = NAME_AT + SOCKET_ADDRESS_BYTES;
const SEGMENTED_AT = CONTROL_AT + CONTROL_BYTES;
const MESSAGES_AT = SEGMENTED_AT + MANY_MESSAGE_BYTES;
const PIECES_AT = MESSAGES_AT + MAX_DATAGRAMS * MANY_MESSAGE_BYTES;
const HEADERS_AT = PIECES_AT + MAX_DATAGRAMS * 2 * PIECE_BYTES;
const PACKET_AT = HEADERS_AT + MAX_DATAGRAMS * HEADER_BYTES;

/** Where packets of one transfer go. */
export interface Destination {
  readonly descriptor: number;
  /** As a number, and the port. */
  readonly address: number;
  readonly port: number;
}

/** Consecutive blocks of equal size, except the last of the file. */
export interface Blocks {
  /** Where the content of the first one is in memory. */
  readonly start: number;
  /** Of all of them. */
  readonly contentBytes: number;
  readonly blockSizeBytes: number;
  readonly count: number;
  /** The number of the n-th on the wire. */
  readonly wire: (index: number) => number;
}

/** What the kernel said: an error's name, or nothing. */
export type SendFault = string | undefined;

/**
 * Sends DATA packets whose headers are here and whose content stays where it is, so that nothing is copied but by the
 * kernel. Several go out in one call; with segmentation offload they even pass the network stack as one.
 */
export class DatagramSender {
  readonly #calls: LinuxCalls;
  readonly #memory: NativeMemory;

  constructor(calls: LinuxCalls) {
    this.#calls = calls;
    const memory = new NativeMemory(calls, PACKET_AT + CONTROL_PACKET_BYTES);
    this.#memory = memory;
    memory.setU16(NAME_AT + SocketAddressField.family, AF_INET);
    memory.setWord(CONTROL_AT + ControlField.length, SEGMENT_CONTROL_LENGTH);
    memory.setU32(CONTROL_AT + ControlField.level, SOL_UDP);
    memory.setU32(CONTROL_AT + ControlField.type, UDP_SEGMENT);
    this.#layMessage(SEGMENTED_AT, PIECES_AT, 2);
    memory.setWord(SEGMENTED_AT + MessageField.control, memory.address + CONTROL_AT);
    memory.setWord(SEGMENTED_AT + MessageField.controlLength, CONTROL_BYTES);
    for (let index = 0; index < MAX_DATAGRAMS; index += 1) {
      const pieces = PIECES_AT + index * 2 * PIECE_BYTES;
      const header = HEADERS_AT + index * HEADER_BYTES;
      this.#layMessage(MESSAGES_AT + index * MANY_MESSAGE_BYTES, pieces, 2);
      this.#layPiece(pieces, memory.address + header, HEADER_BYTES);
      memory.setNetU16(header, DATA_OPCODE);
    }
  }

  /** How many blocks one call takes. */
  batchOf(blockSizeBytes: number): number {
    return Math.max(1, Math.min(MAX_DATAGRAMS, Math.floor(MAX_PAYLOAD_BYTES / (blockSizeBytes + HEADER_BYTES))));
  }

  /** Sends blocks as one message that the kernel divides; not more than {@link batchOf}. */
  sendSegmented(to: Destination, blocks: Blocks): SendFault {
    this.#address(to);
    this.#layBlocks(blocks);
    const memory = this.#memory;
    memory.setWord(SEGMENTED_AT + MessageField.pieceCount, 2 * blocks.count);
    memory.setU16(CONTROL_AT + ControlField.value, blocks.blockSizeBytes + HEADER_BYTES);
    const sent = this.#calls.sendmsg(to.descriptor, memory.address + SEGMENTED_AT, MSG_DONTWAIT);
    return sent < 0 ? this.#calls.errorName() : undefined;
  }

  /** Sends blocks as one message each; not more than {@link batchOf}. */
  sendEach(to: Destination, blocks: Blocks): SendFault {
    this.#address(to);
    this.#layBlocks(blocks);
    const { descriptor } = to;
    const messages = this.#memory.address + MESSAGES_AT;
    const sent =
      blocks.count === 1
        ? this.#calls.sendmsg(descriptor, messages, MSG_DONTWAIT)
        : this.#calls.sendmmsg(descriptor, messages, blocks.count, MSG_DONTWAIT);
    return sent < 0 ? this.#calls.errorName() : undefined;
  }

  /** Sends a packet other than DATA. */
  sendPacket(to: Destination, packet: Uint8Array): SendFault {
    this.#address(to);
    const memory = this.#memory;
    memory.bytes.set(packet.subarray(0, CONTROL_PACKET_BYTES), PACKET_AT);
    this.#layPiece(PIECES_AT, memory.address + PACKET_AT, packet.length);
    memory.setWord(MESSAGES_AT + MessageField.pieceCount, 1);
    const sent = this.#calls.sendmsg(to.descriptor, memory.address + MESSAGES_AT, MSG_DONTWAIT);
    memory.setWord(MESSAGES_AT + MessageField.pieceCount, 2);
    this.#layPiece(PIECES_AT, memory.address + HEADERS_AT, HEADER_BYTES);
    return sent < 0 ? this.#calls.errorName() : undefined;
  }

  #layMessage(at: number, pieces: number, pieceCount: number): void {
    const memory = this.#memory;
    memory.setWord(at + MessageField.name, memory.address + NAME_AT);
    memory.setU32(at + MessageField.nameLength, SOCKET_ADDRESS_BYTES);
    memory.setWord(at + MessageField.pieces, memory.address + pieces);
    memory.setWord(at + MessageField.pieceCount, pieceCount);
  }

  #layPiece(at: number, start: number, length: number): void {
    this.#memory.setWord(at + PieceField.start, start);
    this.#memory.setWord(at + PieceField.length, length);
  }

  #address({ address, port }: Destination): void {
    this.#memory.setNetU16(NAME_AT + SocketAddressField.port, port);
    this.#memory.setNetU32(NAME_AT + SocketAddressField.address, address);
  }

  #layBlocks({ start, contentBytes, blockSizeBytes, count, wire }: Blocks): void {
    for (let index = 0; index < count; index += 1) {
      const at = index * blockSizeBytes;
      this.#memory.setNetU16(HEADERS_AT + index * HEADER_BYTES + 2, wire(index));
      const length = Math.min(blockSizeBytes, contentBytes - at);
      this.#layPiece(PIECES_AT + (2 * index + 1) * PIECE_BYTES, start + at, length);
    }
  }
}
