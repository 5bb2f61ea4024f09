import { malformed, ok, type Decoded } from '@rackwright/kernel';
import { MAX_FRAME_BYTES, type Capture } from './capture.js';
import { decodePcapng, PCAPNG_MAGIC } from './decode-pcapng.js';
import { FrameReader } from './frame-reader.js';

const MAGIC_MICROSECONDS = 0xa1b2c3d4;
const MAGIC_NANOSECONDS = 0xa1b23c4d;
const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;

/**
 * Decodes a pcap file of either byte order with micro- or nanoseconds, or a pcapng file
 * (draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng). Frames are views of `bytes`. Faults: `capture-unknown`,
 * `frame-too-long`, `block-malformed`.
 */
export function decodeCapture(bytes: Uint8Array): Decoded<Capture> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < FILE_HEADER_BYTES) return malformed('capture-unknown', 0);
  if (view.getUint32(0) === PCAPNG_MAGIC) return decodePcapng(view);
  for (const isLittle of [true, false]) {
    const magic = view.getUint32(0, isLittle);
    if (magic === MAGIC_MICROSECONDS) return decodePcap({ view, isLittle, perSecond: 1e6 });
    if (magic === MAGIC_NANOSECONDS) return decodePcap({ view, isLittle, perSecond: 1e9 });
  }
  return malformed('capture-unknown', 0);
}

interface PcapFile {
  readonly view: DataView;
  readonly isLittle: boolean;
  /** Units of the second half of a time stamp. */
  readonly perSecond: number;
}

function decodePcap({ view, isLittle, perSecond }: PcapFile): Decoded<Capture> {
  // The upper half tells whether frames carry a check sequence; it stays at their end and harms nobody.
  const linkType = view.getUint32(20, isLittle) & 0xffff;
  const frames = new FrameReader();
  let at = FILE_HEADER_BYTES;
  while (at < view.byteLength) {
    if (at + RECORD_HEADER_BYTES > view.byteLength) return ok({ frames: frames.read, cutAt: at });
    const length = view.getUint32(at + 8, isLittle);
    if (length > MAX_FRAME_BYTES) return malformed('frame-too-long', at);
    if (at + RECORD_HEADER_BYTES + length > view.byteLength) return ok({ frames: frames.read, cutAt: at });
    frames.take(view, at + RECORD_HEADER_BYTES, {
      length,
      linkType,
      wireBytes: view.getUint32(at + 12, isLittle),
      atSeconds: view.getUint32(at, isLittle) + view.getUint32(at + 4, isLittle) / perSecond,
    });
    at += RECORD_HEADER_BYTES + length;
  }
  return ok({ frames: frames.read });
}
