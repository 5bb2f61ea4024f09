/** A message is some hundred octets: thousands a second would each cost a separate allocation outside the heap. */
const SLAB_BYTES = 65_536;
const LARGEST_SHARE_BYTES = 2_048;

let slab = new ArrayBuffer(SLAB_BYTES);
let used = 0;

/** Octets of zero that nobody else has: a piece of a larger block, which lives as long as any of its pieces. */
export function takeOctets(length: number): Uint8Array<ArrayBuffer> {
  if (length > LARGEST_SHARE_BYTES) return new Uint8Array(length);
  if (used + length > SLAB_BYTES) {
    slab = new ArrayBuffer(SLAB_BYTES);
    used = 0;
  }
  const taken = new Uint8Array(slab, used, length);
  used += length;
  return taken;
}
