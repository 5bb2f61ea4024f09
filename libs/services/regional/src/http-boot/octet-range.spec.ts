import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { selectOctets, type Representation } from './octet-range.js';

const MODIFIED = 'Sat, 21 Nov 2026 10:00:00 GMT';
const object: Representation = { sizeBytes: 1_000, etag: '"abc"', modifiedAtMs: Date.parse(MODIFIED) + 250 };
const part = (start: number, end: number) => ({ kind: 'part', start, end });

describe('H4: Range, RFC 9110 section 14', () => {
  it.each([
    ['bytes=0-0', part(0, 1)],
    ['bytes=0-', part(0, 1_000)],
    ['bytes=999-', part(999, 1_000)],
    ['bytes=10-19', part(10, 20)],
    ['BYTES= 10-19 ', part(10, 20)],
    ['bytes=990-99999', part(990, 1_000)],
    ['bytes=-1', part(999, 1_000)],
    ['bytes=-5000', part(0, 1_000)],
    ['bytes=1000-', { kind: 'range-unsatisfiable' }],
    ['bytes=9999999999999999999-', { kind: 'range-unsatisfiable' }],
    ['bytes=-0', { kind: 'range-unsatisfiable' }],
    ['bytes=20-10', { kind: 'whole' }],
    ['bytes=0-1,5-6', { kind: 'whole' }],
    ['bytes=-', { kind: 'whole' }],
    ['bytes=a-b', { kind: 'whole' }],
    ['items=0-1', { kind: 'whole' }],
    ['bytes=0x1-2', { kind: 'whole' }],
    ['', { kind: 'whole' }],
  ])('%j', (range, expected) => {
    expect(selectOctets('GET', { range }, object)).toEqual(expected);
  });

  it('is for GET alone', () => {
    expect(selectOctets('HEAD', { range: 'bytes=0-1' }, object)).toEqual({ kind: 'whole' });
  });

  it('of an empty object', () => {
    const empty = { ...object, sizeBytes: 0 };
    expect(selectOctets('GET', { range: 'bytes=0-' }, empty)).toEqual({ kind: 'range-unsatisfiable' });
    expect(selectOctets('GET', { range: 'bytes=-5' }, empty)).toEqual({ kind: 'whole' });
  });

  it.each([
    ['"abc"', part(0, 2)],
    [MODIFIED, part(0, 2)],
    ['"other"', { kind: 'whole' }],
    ['W/"abc"', { kind: 'whole' }],
    ['Sat, 21 Nov 2026 09:59:59 GMT', { kind: 'whole' }],
    ['Sat, 21 Nov 2026 10:00:01 GMT', { kind: 'whole' }],
    ['nonsense', { kind: 'whole' }],
  ])('If-Range: %s, section 13.1.5', (ifRange, expected) => {
    expect(selectOctets('GET', { range: 'bytes=0-1', 'if-range': ifRange }, object)).toEqual(expected);
  });

  it('never selects an octet that is not there', () => {
    const text = fc.oneof(
      fc.string(),
      fc.tuple(fc.nat(), fc.nat()).map(([a, b]) => `bytes=${a}-${b}`),
    );
    fc.assert(
      fc.property(text, fc.nat(5_000), (range, sizeBytes) => {
        const selected = selectOctets('GET', { range }, { ...object, sizeBytes });
        if (selected.kind !== 'part') return true;
        return 0 <= selected.start && selected.start < selected.end && selected.end <= sizeBytes;
      }),
    );
  });
});

describe('preconditions, RFC 9110 section 13', () => {
  it.each([
    [{ 'if-none-match': '"abc"' }, 'not-modified'],
    [{ 'if-none-match': 'W/"abc"' }, 'not-modified'],
    [{ 'if-none-match': '"x", "abc"' }, 'not-modified'],
    [{ 'if-none-match': '*' }, 'not-modified'],
    [{ 'if-none-match': '"x"', 'if-modified-since': MODIFIED }, 'whole'],
    [{ 'if-modified-since': MODIFIED }, 'not-modified'],
    [{ 'if-modified-since': 'Sat, 21 Nov 2026 09:00:00 GMT' }, 'whole'],
    [{ 'if-modified-since': 'x' }, 'whole'],
    [{ 'if-modified-since': '2030' }, 'whole'],
    [{ 'if-modified-since': 'Saturday, 21-Nov-26 10:00:00 GMT' }, 'not-modified'],
    [{ 'if-match': '"abc"' }, 'whole'],
    [{ 'if-match': 'W/"abc"' }, 'precondition-failed'],
    [{ 'if-match': '"x"' }, 'precondition-failed'],
    [{ 'if-unmodified-since': MODIFIED }, 'whole'],
    [{ 'if-unmodified-since': 'Sat, 21 Nov 2026 09:00:00 GMT' }, 'precondition-failed'],
    [{ 'if-match': '"x"', 'if-none-match': '"abc"' }, 'precondition-failed'],
  ])('%j', (headers, kind) => {
    expect(selectOctets('GET', headers, object).kind).toBe(kind);
  });
});
