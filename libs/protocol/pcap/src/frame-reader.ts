import type { CapturedFrame } from './capture.js';

/** Numbers the frames of a file as they are read. */
export class FrameReader {
  readonly read: CapturedFrame[] = [];

  /** Takes the frame that starts at `start`, which ends within the file. */
  take(
    view: DataView,
    start: number,
    about: Omit<CapturedFrame, 'number' | 'bytes'> & { readonly length: number },
  ): void {
    const { length, linkType, wireBytes, atSeconds } = about;
    const bytes = new Uint8Array(view.buffer, view.byteOffset + start, length);
    this.read.push({ number: this.read.length + 1, atSeconds, linkType, bytes, wireBytes });
  }
}
