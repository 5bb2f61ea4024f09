import { malformed, ok, type Decoded } from '@rackwright/kernel';
import { MAX_FRAME_BYTES, type Capture } from './capture.js';
import { FrameReader } from './frame-reader.js';

/** Type of the first block of a pcapng file; the same in either byte order. */
export const PCAPNG_MAGIC = 0x0a0d0d0a;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const BlockType = { interface: 1, simplePacket: 3, enhancedPacket: 6 } as const;
const TIME_RESOLUTION_OPTION = 9;
const MIN_BLOCK_BYTES = 12;
const DEFAULT_PER_SECOND = 1e6;
const MAX_INTERFACES = 4_096;

interface CaptureInterface {
  readonly linkType: number;
  readonly perSecond: number;
}

interface Block {
  readonly type: number;
  /** Where its body starts, and ends. */
  readonly start: number;
  readonly end: number;
}

/** Decodes a pcapng file; blocks other than those with frames and interfaces are passed over. */
export function decodePcapng(view: DataView): Decoded<Capture> {
  return new PcapngDecoder(view).decode();
}

class PcapngDecoder {
  readonly #view: DataView;
  readonly #frames = new FrameReader();
  #interfaces: CaptureInterface[] = [];
  #isLittle = true;

  constructor(view: DataView) {
    this.#view = view;
  }

  decode(): Decoded<Capture> {
    let at = 0;
    while (at < this.#view.byteLength) {
      if (at + MIN_BLOCK_BYTES > this.#view.byteLength) return ok({ frames: this.#frames.read, cutAt: at });
      const type = this.#noteByteOrder(at);
      if (type === undefined) return malformed('block-malformed', at);
      const length = this.#u32(at + 4);
      if (length < MIN_BLOCK_BYTES || length % 4 !== 0) return malformed('block-malformed', at);
      if (at + length > this.#view.byteLength) return ok({ frames: this.#frames.read, cutAt: at });
      if (!this.#readBlock({ type, start: at + 8, end: at + length - 4 })) return malformed('block-malformed', at);
      at += length;
    }
    return ok({ frames: this.#frames.read });
  }

  /** The type of the block; a section header says in which byte order what follows is. */
  #noteByteOrder(at: number): number | undefined {
    if (this.#view.getUint32(at) !== PCAPNG_MAGIC) return this.#u32(at);
    const magic = [true, false].find((isLittle) => this.#view.getUint32(at + 8, isLittle) === BYTE_ORDER_MAGIC);
    if (magic === undefined) return undefined;
    this.#isLittle = magic;
    this.#interfaces = [];
    return PCAPNG_MAGIC;
  }

  #readBlock(block: Block): boolean {
    switch (block.type) {
      case BlockType.interface:
        return this.#readInterface(block);
      case BlockType.enhancedPacket:
        return this.#readEnhancedPacket(block);
      case BlockType.simplePacket:
        return this.#readSimplePacket(block);
      default:
        return true;
    }
  }

  #readInterface({ start, end }: Block): boolean {
    if (end - start < 8 || this.#interfaces.length >= MAX_INTERFACES) return false;
    this.#interfaces.push({ linkType: this.#u16(start), perSecond: this.#resolutionOf(start + 8, end) });
    return true;
  }

  /** Option `if_tsresol`: a power of ten, or of two when its highest bit is set. */
  #resolutionOf(start: number, end: number): number {
    let at = start;
    while (at + 4 <= end) {
      const [code, length] = [this.#u16(at), this.#u16(at + 2)];
      if (code === TIME_RESOLUTION_OPTION && length === 1 && at + 5 <= end) {
        const resolution = this.#view.getUint8(at + 4);
        return resolution < 0x80 ? 10 ** resolution : 2 ** (resolution & 0x7f);
      }
      at += 4 + Math.ceil(length / 4) * 4;
    }
    return DEFAULT_PER_SECOND;
  }

  #readEnhancedPacket({ start, end }: Block): boolean {
    if (end - start < 20) return false;
    const from = this.#interfaces[this.#u32(start)];
    const length = this.#u32(start + 12);
    if (from === undefined || length > MAX_FRAME_BYTES || start + 20 + length > end) return false;
    const ticks = this.#u32(start + 4) * 2 ** 32 + this.#u32(start + 8);
    this.#frames.take(this.#view, start + 20, {
      length,
      linkType: from.linkType,
      wireBytes: this.#u32(start + 16),
      atSeconds: ticks / from.perSecond,
    });
    return true;
  }

  #readSimplePacket({ start, end }: Block): boolean {
    const [from] = this.#interfaces;
    if (from === undefined || end - start < 4) return false;
    const wireBytes = this.#u32(start);
    const length = Math.min(wireBytes, end - start - 4);
    if (length > MAX_FRAME_BYTES) return false;
    this.#frames.take(this.#view, start + 4, { length, linkType: from.linkType, wireBytes, atSeconds: 0 });
    return true;
  }

  #u16(at: number): number {
    return this.#view.getUint16(at, this.#isLittle);
  }

  #u32(at: number): number {
    return this.#view.getUint32(at, this.#isLittle);
  }
}
