import { describe, expect, it } from 'vitest';
import type { FileObserver, WatchedFile, WatchedFiles } from '@rackwright/contracts';
import { waitFor } from '../wait-for.js';

/** One adapter under test and a place for one file, which is not there yet. */
export interface WatchedFilesHarness extends AsyncDisposable {
  readonly files: WatchedFiles;
  readonly path: string;
  /** Puts contents there. */
  readonly write: (contents: Uint8Array) => Promise<void>;
  readonly remove: () => Promise<void>;
}

const MAX_BYTES = 3_000_000;

/** Writes down what it is told, in one line each. */
class Listener implements FileObserver {
  readonly told: string[] = [];

  onContents(bytes: Uint8Array): void {
    this.told.push(Buffer.from(bytes).toString('latin1'));
  }

  onFault({ code }: { readonly code: string }): void {
    this.told.push(`<${code}>`);
  }

  async hears(...expected: readonly string[]): Promise<void> {
    await waitFor(() => this.told.length >= expected.length, { what: `${expected.length} things told` });
    expect(this.told).toEqual(expected);
  }
}

interface Subject extends WatchedFilesHarness {
  readonly listener: Listener;
  readonly watched: WatchedFile;
}

type WithSubject = (test: (subject: Subject) => Promise<void>, before?: string) => () => Promise<void>;

const text = (contents: string): Uint8Array => Buffer.from(contents, 'latin1');

/** What every `WatchedFiles` does. */
export function watchedFilesConformance(adapter: string, start: () => Promise<WatchedFilesHarness>): void {
  const withSubject: WithSubject = (test, before) => async () => {
    await using harness = await start();
    if (before !== undefined) await harness.write(text(before));
    const listener = new Listener();
    const { files, path } = harness;
    await using watched = files.watch({ path, maxBytes: MAX_BYTES }, listener);
    await watched.looked;
    await test({
      ...{ files, path, listener, watched },
      write: (contents) => harness.write(contents),
      remove: () => harness.remove(),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  };
  describe(`WatchedFiles conformance: ${adapter}`, () => {
    contentsConformance(withSubject);
    faultConformance(withSubject);
  });
}

function contentsConformance(withSubject: WithSubject): void {
  it(
    'delivers what is there, then every change, and nothing twice',
    withSubject(async ({ listener, write }) => {
      await listener.hears('one');
      await write(text('two'));
      await listener.hears('one', 'two');
      await write(text('two'));
      await write(text(''));
      await listener.hears('one', 'two', '');
    }, 'one'),
  );

  it(
    'delivers octets that are no text, and large contents whole',
    withSubject(async ({ listener, write }) => {
      const garbage = String.fromCharCode(...Array.from({ length: 256 }, (_, octet) => octet));
      await write(text(garbage));
      await listener.hears('one', garbage);
      const large = 'x'.repeat(MAX_BYTES - 1);
      await write(text(large));
      await waitFor(() => listener.told.length === 3, { what: 'the large contents' });
      expect(listener.told[2] === large).toBe(true);
    }, 'one'),
  );

  it(
    'delivers nothing after it was disposed of',
    withSubject(async ({ listener, files, path, watched, write }) => {
      await watched[Symbol.asyncDispose]();
      const other = new Listener();
      await using second = files.watch({ path, maxBytes: MAX_BYTES }, other);
      await second.looked;
      await write(text('two'));
      await other.hears('one', 'two');
      expect(listener.told).toEqual(['one']);
    }, 'one'),
  );
}

function faultConformance(withSubject: WithSubject): void {
  it(
    'says once that there is no file, and delivers one that comes',
    withSubject(async ({ listener, write, remove }) => {
      await write(text('one'));
      await listener.hears('<file-absent>', 'one');
      await remove();
      await listener.hears('<file-absent>', 'one', '<file-absent>');
      await write(text('one'));
      await listener.hears('<file-absent>', 'one', '<file-absent>', 'one');
    }),
  );

  it(
    'does not read a file that is too large',
    withSubject(async ({ listener, write }) => {
      await write(text('x'.repeat(MAX_BYTES + 1)));
      await listener.hears('one', '<file-too-large>');
      await write(text('two'));
      await listener.hears('one', '<file-too-large>', 'two');
    }, 'one'),
  );
}
