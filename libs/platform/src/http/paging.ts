import { DEFAULT_PAGE_LIMIT, MAX_PAGE_LIMIT } from '@rackwright/contracts';
import { ProblemError } from '../problems/problem-error.js';

/** A page asked for. */
export interface PageRequest {
  readonly limit: number;
  /** Where the last page ended, as given to {@link pageHeaders}; `undefined` for the first page. */
  readonly after: string | undefined;
}

/** A page to answer with. */
export interface PageAnswer {
  /** Items there are in all pages together. */
  readonly total: number;
  /** The place this page ends at; `undefined` when it is the last. */
  readonly next: string | undefined;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Reads `limit` and `cursor` of a validated query. */
export function pageOf(query: { readonly limit?: number; readonly cursor?: string }): PageRequest {
  const limit = Math.min(query.limit ?? DEFAULT_PAGE_LIMIT, MAX_PAGE_LIMIT);
  return { limit, after: query.cursor === undefined ? undefined : decodeCursor(query.cursor) };
}

function decodeCursor(cursor: string): string {
  try {
    const octets = Buffer.from(cursor, 'base64url');
    if (octets.length > 0 && octets.toString('base64url') === cursor) return utf8.decode(octets);
  } catch {
    // Not text: refused below like any other cursor we did not make.
  }
  const errors = [{ pointer: '/cursor', detail: 'cursor must come from the Link header of an earlier page' }];
  throw new ProblemError('invalid-request', 'Invalid query string: cursor must come from a Link header', { errors });
}

/** `Link` (RFC 8288) and `X-Total-Count` of a page; `url` is the path and query of this request. */
export function pageHeaders(url: string, page: PageAnswer): Readonly<Record<string, string>> {
  const headers = { 'x-total-count': String(page.total) };
  if (page.next === undefined) return headers;
  const [path = '', query = ''] = url.split('?', 2);
  const parameters = new URLSearchParams(query);
  parameters.set('cursor', Buffer.from(page.next).toString('base64url'));
  return { ...headers, link: `<${encodeURI(decodePath(path))}?${parameters.toString()}>; rel="next"` };
}

function decodePath(path: string): string {
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}
