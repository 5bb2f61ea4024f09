import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameSplitter, MAX_MESSAGE_BYTES } from './index.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (octets: Uint8Array): string => new TextDecoder().decode(octets);

/** What comes out of a stream that arrives in the given pieces. */
function framesOf(...pieces: readonly Uint8Array[]): readonly string[] {
  const splitter = new FrameSplitter();
  const frames = pieces.flatMap((piece) => splitter.push(piece));
  const last = splitter.end();
  return [...frames, ...(last === undefined ? [] : [last])].map(text);
}

describe('FrameSplitter: RFC 6587', () => {
  it.each([
    ['octet counting, section 3.4.1', '5 <1>ab9 <1>a\nb\0cd', ['<1>ab', '<1>a\nb\0cd']],
    ['line feeds, section 3.4.2', '<1>a\n<2>b\r\n<3>c', ['<1>a', '<2>b\r', '<3>c']],
    ['NUL', '<1>a\0<2>b\0', ['<1>a', '<2>b']],
    ['both, one after the other', '4 <1>a<2>b\n4 <3>c\n<4>d\n', ['<1>a', '<2>b', '<3>c', '<4>d']],
    ['digits that are no length', '12x\n34\n123456789 a\n', ['12x', '34', '123456789 a']],
    ['nothing', '\n\n\0', []],
    ['a counted message that is cut off', '10 <1>abc', ['<1>abc']],
    ['a length alone', '10', ['10']],
  ])('%s', (_, stream, frames) => {
    expect(framesOf(bytes(stream))).toEqual(frames);
  });

  it('keeps the beginning of a message that is too long, and finds the next', () => {
    const long = 'x'.repeat(100_000);
    const kept = 'x'.repeat(MAX_MESSAGE_BYTES);
    expect(framesOf(bytes(`${long}\n<1>a\n`))).toEqual([kept, '<1>a']);
    expect(framesOf(bytes(`100000 ${long}4 <1>a`))).toEqual([kept, '<1>a']);
  });

  it('finds the same messages however the stream is cut', () => {
    const message = fc.stringMatching(/^<\d{1,3}>[ -~]{0,40}$/);
    const framed = fc.record({ message, isCounted: fc.boolean() });
    fc.assert(
      fc.property(fc.array(framed, { maxLength: 10 }), fc.array(fc.nat({ max: 30 })), (messages, cuts) => {
        const stream = messages
          .map(({ message, isCounted }) => (isCounted ? `${message.length} ${message}` : `${message}\n`))
          .join('');
        const pieces: Uint8Array[] = [];
        let at = 0;
        for (const cut of cuts) {
          pieces.push(bytes(stream.slice(at, at + cut)));
          at += cut;
        }
        pieces.push(bytes(stream.slice(at)));
        expect(framesOf(...pieces)).toEqual(messages.map((each) => each.message));
      }),
    );
  });

  it('never throws and never gives more than came, whatever comes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 500 }), { maxLength: 5 }), (pieces) => {
        const given = pieces.reduce((sum, piece) => sum + piece.length, 0);
        const splitter = new FrameSplitter();
        const frames = [...pieces.flatMap((piece) => splitter.push(piece)), splitter.end() ?? new Uint8Array()];
        expect(frames.reduce((sum, frame) => sum + frame.length, 0)).toBeLessThanOrEqual(given);
      }),
      { numRuns: 1_000 },
    );
  });
});
