import type { IncomingHttpHeaders } from 'node:http';

/**
 * Whether a browser page may open a socket: only pages of this very host, or of a configured origin. Clients that are
 * no browsers send no `Origin`; a page of another site cannot leave it out.
 */
export function isOriginAllowed(headers: IncomingHttpHeaders, allowed: readonly string[]): boolean {
  const { origin, host } = headers;
  if (origin === undefined) return true;
  if (!URL.canParse(origin)) return false;
  return new URL(origin).host === host || allowed.some((candidate) => candidate.replace(/\/$/, '') === origin);
}
