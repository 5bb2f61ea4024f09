import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProblemError } from '../problems/problem-error.js';
import { etagOf, parseIfMatch, requireMatch } from './etag.js';
import { pageHeaders, pageOf } from './paging.js';
import { requestIdOf } from './request-id.js';

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof ProblemError) return error.code;
    throw error;
  }
  return 'fine';
}

describe('parseIfMatch', () => {
  it.each([
    ['"42"', [42n]],
    ['"1", "2"', [1n, 2n]],
    ['W/"42"', []],
    ['"someone-elses"', []],
    ['"9223372036854775807"', [9223372036854775807n]],
  ])('reads %s', (header, revisions) => {
    expect(parseIfMatch(header)).toEqual({ kind: 'revisions', revisions });
  });

  it.each(['42', '', '"a', '"a" "b"', '"\u00e9"', `"${'1'.repeat(2_000)}"`])('refuses %j', (header) => {
    expect(codeOf(() => parseIfMatch(header))).toBe('invalid-request');
  });

  it('is satisfied by the same revision, by * when the resource exists, and by no header', () => {
    expect(
      codeOf(() => {
        requireMatch(parseIfMatch(etagOf(7n)), 7n);
      }),
    ).toBe('fine');
    expect(
      codeOf(() => {
        requireMatch(parseIfMatch('*'), 7n);
      }),
    ).toBe('fine');
    expect(
      codeOf(() => {
        requireMatch(parseIfMatch(undefined), undefined);
      }),
    ).toBe('fine');
    expect(
      codeOf(() => {
        requireMatch(parseIfMatch('"6"'), 7n);
      }),
    ).toBe('revision-mismatch');
    expect(
      codeOf(() => {
        requireMatch(parseIfMatch('W/"7"'), 7n);
      }),
    ).toBe('revision-mismatch');
    expect(
      codeOf(() => {
        requireMatch(parseIfMatch('*'), undefined);
      }),
    ).toBe('revision-mismatch');
  });
});

describe('paging', () => {
  it('comes back to where the last page ended, keeping the filters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (place) => {
        const { link } = pageHeaders('/api/v1/tasks?idc=dc1&limit=2&cursor=old', { total: 9, next: place });
        const target = new URL(/^<(.*)>; rel="next"$/.exec(link ?? '')?.[1] ?? '', 'http://x');
        expect(target.pathname).toBe('/api/v1/tasks');
        expect(target.searchParams.get('idc')).toBe('dc1');
        expect(pageOf({ cursor: target.searchParams.get('cursor') ?? '' })).toEqual({ limit: 100, after: place });
      }),
    );
  });

  it('has no next link on the last page', () => {
    expect(pageHeaders('/x', { total: 3, next: undefined })).toEqual({ 'x-total-count': '3' });
  });

  it('keeps a hostile path inside the angle brackets', () => {
    const { link } = pageHeaders('/a%3E%22b?x=1', { total: 1, next: 'n' });
    expect(link).toMatch(/^<\/a%3E%22b\?x=1&cursor=[A-Za-z0-9_-]+>; rel="next"$/);
  });

  it.each(['', 'a', '%%%', '_w', 'YQ=='])('refuses the cursor %j', (cursor) => {
    expect(codeOf(() => pageOf({ cursor }))).toBe('invalid-request');
  });
});

describe('requestIdOf', () => {
  const random = { bytes: (length: number) => new Uint8Array(length).fill(0xab), fraction: () => 0 };
  it.each([
    ['req-1', 'req-1'],
    [undefined, 'ab'.repeat(8)],
    ['a\nb', 'ab'.repeat(8)],
    ['x'.repeat(65), 'ab'.repeat(8)],
    [['a', 'b'], 'ab'.repeat(8)],
  ])('takes %j as %s', (header, id) => {
    expect(requestIdOf(header, random)).toBe(id);
  });
});
