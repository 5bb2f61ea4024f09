import { ProblemError } from '../problems/problem-error.js';

/** The `ETag` of a resource: its etcd revision. */
export function etagOf(revision: bigint | string): string {
  return `"${revision}"`;
}

/** What a write demands of the resource it changes. */
export type IfMatch =
  | { readonly kind: 'none' }
  | { readonly kind: 'exists' }
  | { readonly kind: 'revisions'; readonly revisions: readonly bigint[] };

const TAG_LIST = /^(?:W\/)?"[\x21\x23-\x7e]*"(?:\s*,\s*(?:W\/)?"[\x21\x23-\x7e]*")*$/;
const REVISION_TAG = /^"(\d{1,19})"$/;
const MAX_HEADER_CHARS = 1_024;

/** Parses `If-Match` (RFC 9110 section 13.1.1). Weak tags and tags of others are well-formed but never match. */
export function parseIfMatch(header: string | undefined): IfMatch {
  if (header === undefined) return { kind: 'none' };
  const text = header.trim();
  if (text === '*') return { kind: 'exists' };
  if (text.length > MAX_HEADER_CHARS || !TAG_LIST.test(text)) {
    const detail = 'If-Match must be * or a list of entity tags such as "42"';
    throw new ProblemError('invalid-request', detail, { errors: [{ pointer: '/if-match', detail }] });
  }
  const revisions = text
    .split(/\s*,\s*/)
    .map((tag) => REVISION_TAG.exec(tag)?.[1])
    .filter((digits) => digits !== undefined)
    .map((digits) => BigInt(digits));
  return { kind: 'revisions', revisions };
}

/** Refuses with 412 unless `current` satisfies the demand; `undefined` is a resource that does not exist. */
export function requireMatch(ifMatch: IfMatch, current: bigint | undefined): void {
  if (ifMatch.kind === 'none') return;
  const matches =
    current !== undefined && (ifMatch.kind === 'exists' || ifMatch.revisions.some((revision) => revision === current));
  if (matches) return;
  const found = current === undefined ? 'it does not exist' : `its revision is ${current}`;
  throw new ProblemError('revision-mismatch', `The resource is not the one named by If-Match: ${found}`, {
    headers: current === undefined ? {} : { etag: etagOf(current) },
  });
}
