import type { IncomingHttpHeaders } from 'node:http';

/** What conditional and range requests are decided by. */
export interface Representation {
  readonly sizeBytes: number;
  /** Strong entity tag, with its quotes. */
  readonly etag: string;
  readonly modifiedAtMs?: number;
}

/** What of an object a request gets. `end` is the first octet after the part. */
export type Selection =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly start: number; readonly end: number }
  | { readonly kind: 'not-modified' }
  | { readonly kind: 'precondition-failed' }
  | { readonly kind: 'range-unsatisfiable' };

const WHOLE: Selection = { kind: 'whole' };
/** One range; a list of them is legal and may be answered with the whole (RFC 9110 section 14.2). */
const RANGE = /^bytes=[ \t]*(\d{0,19})-(\d{0,19})[ \t]*$/i;
const MS_PER_SECOND = 1_000;

/** Evaluates preconditions and `Range` in the order of RFC 9110 section 13.2.2. Only GET knows ranges. */
export function selectOctets(method: string, headers: IncomingHttpHeaders, object: Representation): Selection {
  if (!isAsExpected(headers, object)) return { kind: 'precondition-failed' };
  if (isUnchanged(headers, object)) return { kind: 'not-modified' };
  const { range } = headers;
  if (method !== 'GET' || range === undefined || !isRangeCurrent(headers['if-range'], object)) return WHOLE;
  return parseRange(range, object.sizeBytes);
}

function isAsExpected(headers: IncomingHttpHeaders, object: Representation): boolean {
  const tags = headers['if-match'];
  if (tags !== undefined) return listsTag(tags, object.etag, false);
  const since = secondsOf(headers['if-unmodified-since']);
  const modified = modifiedSeconds(object);
  return since === undefined || modified === undefined || modified <= since;
}

function isUnchanged(headers: IncomingHttpHeaders, object: Representation): boolean {
  const tags = headers['if-none-match'];
  if (tags !== undefined) return listsTag(tags, object.etag, true);
  const since = secondsOf(headers['if-modified-since']);
  const modified = modifiedSeconds(object);
  return since !== undefined && modified !== undefined && modified <= since;
}

/** RFC 9110 section 13.1.5: a part of anything else than what the client has would be of no use to it. */
function isRangeCurrent(ifRange: string | string[] | undefined, object: Representation): boolean {
  if (ifRange === undefined) return true;
  if (typeof ifRange !== 'string') return false;
  if (ifRange.startsWith('"') || ifRange.startsWith('W/')) return ifRange === object.etag;
  const at = secondsOf(ifRange);
  return at !== undefined && at === modifiedSeconds(object);
}

function listsTag(list: string, etag: string, isWeak: boolean): boolean {
  if (list.trim() === '*') return true;
  return list.split(',').some((entry) => {
    const tag = entry.trim();
    return tag === etag || (isWeak && tag === `W/${etag}`);
  });
}

/** RFC 9110 section 5.6.7: begins with the day of the week in all its forms. What is no date is to be ignored. */
const HTTP_DATE = /^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? /i;

function secondsOf(date: string | undefined): number | undefined {
  const ms = date === undefined || !HTTP_DATE.test(date) ? NaN : Date.parse(date);
  return Number.isNaN(ms) ? undefined : Math.floor(ms / MS_PER_SECOND);
}

function modifiedSeconds({ modifiedAtMs }: Representation): number | undefined {
  return modifiedAtMs === undefined ? undefined : Math.floor(modifiedAtMs / MS_PER_SECOND);
}

function parseRange(text: string, sizeBytes: number): Selection {
  const [, first = '', last = ''] = RANGE.exec(text) ?? [];
  if (first === '') return last === '' ? WHOLE : suffixOf(Number(last), sizeBytes);
  const start = Number(first);
  const end = last === '' ? sizeBytes : Math.min(Number(last) + 1, sizeBytes);
  if (last !== '' && Number(last) < start) return WHOLE;
  return start < sizeBytes ? { kind: 'part', start, end } : { kind: 'range-unsatisfiable' };
}

function suffixOf(length: number, sizeBytes: number): Selection {
  if (length === 0) return { kind: 'range-unsatisfiable' };
  return sizeBytes === 0 ? WHOLE : { kind: 'part', start: Math.max(0, sizeBytes - length), end: sizeBytes };
}
