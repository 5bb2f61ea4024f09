import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DurableDocument, DurableLog, LogRecord } from '@rackwright/contracts';

/** One place on a disk that can be opened again and again. */
export interface DurableLogHarness extends AsyncDisposable {
  /** Opens the log of this place; the one before is disposed by then. */
  open(): Promise<DurableLog>;
}

/** One document of one place. */
export interface DurableDocumentHarness extends AsyncDisposable {
  open(): DurableDocument;
}

async function recordsOf(log: DurableLog): Promise<readonly LogRecord[]> {
  const records: LogRecord[] = [];
  for await (const record of log.read()) records.push(record);
  return records;
}

async function payloadsOf(log: DurableLog): Promise<readonly string[]> {
  return (await recordsOf(log)).map(({ payload }) => payload);
}

const HOSTILE = ['', '\n', '%0A', '%', '\0', 'a\r\nb', '1 00000000 A9 x\n', 'ü𝄞', '{"a":"\\n"}', 'x'.repeat(300_000)];

/** The log under test; another object after every restart. */
class Subject {
  log!: DurableLog;
  #harness!: DurableLogHarness;

  async begin(harness: DurableLogHarness): Promise<void> {
    this.#harness = harness;
    this.log = await harness.open();
  }

  async reopen(): Promise<void> {
    await this.log[Symbol.asyncDispose]();
    this.log = await this.#harness.open();
  }

  async end(): Promise<void> {
    await this.log[Symbol.asyncDispose]();
    await this.#harness[Symbol.asyncDispose]();
  }
}

/** What every {@link DurableLog} does. */
export function durableLogConformance(name: string, makeHarness: () => Promise<DurableLogHarness>): void {
  describe(`${name} as a durable log`, () => {
    const subject = new Subject();
    beforeEach(async () => subject.begin(await makeHarness()));
    afterEach(() => subject.end());
    describe('appending', () => {
      appending(subject);
    });
    describe('forgetting', () => {
      forgetting(subject);
    });
    describe('life', () => {
      life(subject);
    });
  });
}

function appending(subject: Subject): void {
  it('is empty at first', async () => {
    expect([subject.log.length, subject.log.damagedRecords, await recordsOf(subject.log)]).toEqual([0, 0, []]);
  });

  it('numbers records from 1 and reads them in order, again and again', async () => {
    expect([await subject.log.append('a'), await subject.log.append('b'), await subject.log.append('c')]).toEqual([
      1, 2, 3,
    ]);
    const expected = [
      { position: 1, payload: 'a' },
      { position: 2, payload: 'b' },
      { position: 3, payload: 'c' },
    ];
    expect(await recordsOf(subject.log)).toEqual(expected);
    expect(await recordsOf(subject.log)).toEqual(expected);
    expect(subject.log.length).toBe(3);
  });

  it('keeps the order of concurrent appends', async () => {
    const payloads = Array.from({ length: 500 }, (_, i) => `record ${i}`);
    const positions = await Promise.all(payloads.map((payload) => subject.log.append(payload)));
    expect(positions).toEqual(payloads.map((_, i) => i + 1));
    expect(await payloadsOf(subject.log)).toEqual(payloads);
  });

  it('survives a restart', async () => {
    for (const payload of HOSTILE) await subject.log.append(payload);
    await subject.reopen();
    expect(await payloadsOf(subject.log)).toEqual(HOSTILE);
    expect([subject.log.length, subject.log.damagedRecords]).toEqual([HOSTILE.length, 0]);
    expect(await subject.log.append('next')).toBe(HOSTILE.length + 1);
  });

  it('gives back any text', async () => {
    const written: string[] = [];
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 5 }), async (payloads) => {
        await Promise.all(payloads.map((payload) => subject.log.append(payload)));
        written.push(...payloads);
      }),
      { numRuns: 40 },
    );
    await subject.reopen();
    expect(await payloadsOf(subject.log)).toEqual(written);
  });
}

function forgetting(subject: Subject): void {
  it('forgets up to a position, also over a restart', async () => {
    for (const payload of ['a', 'b', 'c', 'd']) await subject.log.append(payload);
    await subject.log.truncate(2);
    expect([subject.log.length, await payloadsOf(subject.log)]).toEqual([2, ['c', 'd']]);
    await subject.log.truncate(1);
    await subject.log.truncate(0);
    expect(await payloadsOf(subject.log)).toEqual(['c', 'd']);
    await subject.reopen();
    expect([subject.log.length, await payloadsOf(subject.log)]).toEqual([2, ['c', 'd']]);
  });

  it('never gives a position twice, even after forgetting everything', async () => {
    await subject.log.append('a');
    await subject.log.append('b');
    await subject.log.truncate(1_000);
    expect([subject.log.length, await payloadsOf(subject.log)]).toEqual([0, []]);
    await subject.reopen();
    expect(subject.log.length).toBe(0);
    expect(await subject.log.append('c')).toBe(3);
    expect(await recordsOf(subject.log)).toEqual([{ position: 3, payload: 'c' }]);
  });

  it('can be truncated and appended to while it is being read', async () => {
    for (let i = 1; i <= 10; i += 1) await subject.log.append(String(i));
    const seen: number[] = [];
    for await (const { position } of subject.log.read()) {
      seen.push(position);
      if (position === 3) {
        await subject.log.truncate(3);
        await subject.log.append('late');
      }
    }
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect((await recordsOf(subject.log)).map(({ position }) => position)).toEqual([4, 5, 6, 7, 8, 9, 10, 11]);
  });
}

function life(subject: Subject): void {
  it('follows a model under any sequence of appends, truncations and restarts', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('append' as const), count: fc.integer({ min: 1, max: 20 }) }),
      fc.record({ kind: fc.constant('truncate' as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
      fc.record({ kind: fc.constant('reopen' as const) }),
    );
    let next = 1;
    let model: LogRecord[] = [];
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        for (const one of steps) {
          if (one.kind === 'reopen') await subject.reopen();
          else if (one.kind === 'truncate') {
            const upTo = model[Math.floor(one.share * model.length)]?.position ?? 0;
            await subject.log.truncate(upTo);
            model = model.filter(({ position }) => position > upTo);
          } else {
            const payloads = Array.from({ length: one.count }, (_, i) => `${next + i}:${'y'.repeat(50)}`);
            await Promise.all(payloads.map((payload) => subject.log.append(payload)));
            model.push(...payloads.map((payload, i) => ({ position: next + i, payload })));
            next += one.count;
          }
          expect(subject.log.length).toBe(model.length);
        }
        expect(await recordsOf(subject.log)).toEqual(model);
      }),
      { numRuns: 25 },
    );
  });

  it('refuses work once disposed, and finishes what was asked before', async () => {
    const pending = subject.log.append('asked before');
    await subject.log[Symbol.asyncDispose]();
    expect(await pending).toBe(1);
    await expect(subject.log.append('late')).rejects.toMatchObject({ code: 'disk-failed' });
    await expect(subject.log.truncate(1)).rejects.toMatchObject({ code: 'disk-failed' });
    await subject.reopen();
    expect(await payloadsOf(subject.log)).toEqual(['asked before']);
  });
}

/** What every {@link DurableDocument} does. */
export function durableDocumentConformance(name: string, makeHarness: () => Promise<DurableDocumentHarness>): void {
  describe(`${name} as a durable document`, () => {
    it('is absent at first, then holds the last text, also for who opens it again', async () => {
      await using harness = await makeHarness();
      const document = harness.open();
      expect(await document.read()).toBeUndefined();
      await document.write('one');
      await document.write('two\n\0ü');
      expect(await document.read()).toBe('two\n\0ü');
      expect(await harness.open().read()).toBe('two\n\0ü');
      await document.write('');
      expect(await document.read()).toBe('');
    });

    it('ends with the last of concurrent writes and never shows a mixture', async () => {
      await using harness = await makeHarness();
      const document = harness.open();
      const texts = Array.from({ length: 20 }, (_, i) => String(i).repeat(50_000));
      await document.write('first');
      const writes = Promise.all(texts.map((text) => document.write(text)));
      const seen = await document.read();
      expect(['first', ...texts]).toContain(seen);
      await writes;
      expect(await document.read()).toBe(texts.at(-1));
    });
  });
}
