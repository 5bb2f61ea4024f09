import type { FastifyRequest } from 'fastify';
import { parseIfMatch, type IfMatch } from '@rackwright/platform';

/** Who is named in histories and events as long as nobody authenticates. */
export const ANONYMOUS = 'anonymous';

/** Who asks, and for which revision. */
export function askingOf(request: FastifyRequest): { readonly by: string; readonly ifMatch: IfMatch } {
  return { by: ANONYMOUS, ifMatch: ifMatchOf(request) };
}

/** The request's `If-Match`. */
export function ifMatchOf(request: FastifyRequest): IfMatch {
  return parseIfMatch(request.headers['if-match']);
}
