/** Randomness as a dependency, so that a test with a seed repeats itself. */
export interface Random {
  /** `length` unpredictable octets. */
  bytes(length: number): Uint8Array;
  /** A number in [0, 1); for jitter, not for secrets. */
  fraction(): number;
}

/** `length` octets as lower-case hexadecimal (two digits each). */
export function randomHex(random: Random, length: number): string {
  return Buffer.from(random.bytes(length)).toString('hex');
}
