import { randomBytes } from 'node:crypto';
import type { Random } from '@rackwright/kernel';

/** The randomness of the operating system. */
export const systemRandom: Random = {
  bytes: (length) => randomBytes(length),
  fraction: () => Math.random(),
};
