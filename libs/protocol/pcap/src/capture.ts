/** One frame as it was recorded. */
export interface CapturedFrame {
  /** Counted from 1, as capture programs show it. */
  readonly number: number;
  /** Seconds since the Unix epoch. */
  readonly atSeconds: number;
  /** LINKTYPE_… of the pcap project: 1 Ethernet, 101 raw IP, 113 Linux cooked. */
  readonly linkType: number;
  readonly bytes: Uint8Array;
  /** Octets on the wire; more than `bytes` has when the recording program kept only the beginning. */
  readonly wireBytes: number;
}

export interface Capture {
  readonly frames: readonly CapturedFrame[];
  /** Where the file ends inside a frame: it is still being written, or was cut. */
  readonly cutAt?: number;
}

/** No link carries more; a larger length means that the file is damaged. */
export const MAX_FRAME_BYTES = 262_144;
