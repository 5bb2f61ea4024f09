import { randomBytes } from 'node:crypto';
import type { Random } from '@rackwright/kernel';

/** A call to the generator costs the same for one octet as for thousands. */
const POOL_BYTES = 4_096;

let pool = Buffer.alloc(0);

/** Octets of the pool, which forgets them. */
function take(length: number): Uint8Array {
  if (length > POOL_BYTES) return randomBytes(length);
  if (length > pool.length) pool = randomBytes(POOL_BYTES);
  const taken = Uint8Array.from(pool.subarray(0, length));
  pool.fill(0, 0, length);
  pool = pool.subarray(length);
  return taken;
}

/** The randomness of the operating system. */
export const systemRandom: Random = {
  bytes: take,
  fraction: () => Math.random(),
};
