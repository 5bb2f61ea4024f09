/** Octets that stand in an object in the place of its own, without moving any. */
export interface Overlay {
  readonly offset: number;
  readonly octets: Uint8Array;
}

/** Writes what of `overlays` lies in `chunk`, which holds the object from `position` on. */
export function applyOverlays(chunk: Uint8Array, position: number, overlays: readonly Overlay[]): void {
  for (const { offset, octets } of overlays) {
    const from = Math.max(offset, position);
    const to = Math.min(offset + octets.length, position + chunk.length);
    if (from < to) chunk.set(octets.subarray(from - offset, to - offset), from - position);
  }
}
