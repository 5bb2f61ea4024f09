import { randomHex, type Random } from '@rackwright/kernel';

const ID_OCTETS = 8;
const ACCEPTED = /^[A-Za-z0-9._-]{1,64}$/;

/** The id of a request: the caller's `X-Request-Id` when it is harmless, else a new one. */
export function requestIdOf(header: string | readonly string[] | undefined, random: Random): string {
  return typeof header === 'string' && ACCEPTED.test(header) ? header : randomHex(random, ID_OCTETS);
}
