import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SeededRandom, typescriptArguments, waitFor } from '@rackwright/testing';
import { OperationalError, silentLogger } from '@rackwright/kernel';
import { FileDocument, FileJournal } from './index.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rw-journal-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const open = (segmentBytes?: number) =>
  FileJournal.open({ directory, logger: silentLogger, ...(segmentBytes === undefined ? {} : { segmentBytes }) });

async function payloads(journal: FileJournal): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { payload } of journal.read()) found.push(payload);
  return found;
}

async function filled(count: number, segmentBytes?: number): Promise<void> {
  await using journal = await open(segmentBytes);
  for (let i = 1; i <= count; i += 1) await journal.append(`record ${i}`);
}

const segments = async () => (await readdir(directory)).filter((file) => file.endsWith('.log')).sort();

describe('damage', () => {
  it.each(['', '12', '12 0abc', '17 00000000 A4 rec', '\0\0\0\0\0\0'])('drops the torn tail %j', async (tail) => {
    await filled(3);
    const [file = ''] = await segments();
    await appendFile(join(directory, file), tail);
    await using journal = await open();
    expect([await payloads(journal), journal.damagedRecords]).toEqual([['record 1', 'record 2', 'record 3'], 0]);
    expect(await journal.append('record 4')).toBe(4);
    expect((await payloads(journal)).at(-1)).toBe('record 4');
  });

  it('drops a record cut anywhere, and only that one', async () => {
    await filled(3);
    const [file = ''] = await segments();
    const path = join(directory, file);
    const whole = await readFile(path);
    const secondEnd = whole.indexOf('\n', whole.indexOf('record 2')) + 1;
    for (let length = secondEnd; length < whole.length; length += 1) {
      await writeFile(path, whole.subarray(0, length));
      await using journal = await open();
      expect([await payloads(journal), journal.damagedRecords]).toEqual([['record 1', 'record 2'], 0]);
    }
  });

  it('skips and counts a damaged record in the middle, whichever octet changed', async () => {
    await filled(3);
    const [file = ''] = await segments();
    const path = join(directory, file);
    const whole = await readFile(path);
    const start = whole.indexOf('\n') + 1;
    const end = whole.indexOf('\n', start);
    for (let at = start; at < end; at += 1) {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] ?? 0) ^ 0x41;
      await writeFile(path, damaged);
      await using journal = await open();
      expect(await payloads(journal)).toEqual(['record 1', 'record 3']);
      expect(journal.damagedRecords).toBeGreaterThan(0);
    }
  });

  it('does not give the position of a damaged newest record to another', async () => {
    await filled(3);
    const [file = ''] = await segments();
    const path = join(directory, file);
    const whole = await readFile(path);
    whole[whole.length - 2] = 0x21;
    await writeFile(path, whole);
    await using journal = await open();
    expect(journal.damagedRecords).toBe(1);
    expect(await journal.append('next')).toBe(4);
  });
});

describe('segments', () => {
  it('are rotated by size and deleted when all their records are forgotten', async () => {
    await using journal = await open(1_000);
    for (let i = 1; i <= 400; i += 1) await journal.append(`record ${i}`);
    const before = (await segments()).length;
    expect(before).toBeGreaterThan(4);
    await journal.truncate(350);
    expect((await segments()).length).toBeLessThan(before / 2);
    expect((await payloads(journal))[0]).toBe('record 351');
    expect(journal.length).toBe(50);
  });

  it('leave almost nothing on disk once everything is forgotten, and positions go on', async () => {
    {
      await using journal = await open();
      for (let i = 0; i < 40; i += 1) await journal.append('x'.repeat(5_000));
      await journal.truncate(40);
      const sizes = await Promise.all((await segments()).map(async (file) => (await stat(join(directory, file))).size));
      expect(sizes).toEqual([0]);
    }
    await using journal = await open();
    expect(journal.length).toBe(0);
    expect(await journal.append('next')).toBe(41);
  });
});

describe('the lock', () => {
  it('keeps a second opener out, in this process too, and is free after disposal', async () => {
    const first = await open();
    await expect(open()).rejects.toMatchObject({ code: 'journal-locked', retryable: false });
    await first[Symbol.asyncDispose]();
    await (await open())[Symbol.asyncDispose]();
    expect(await readdir(directory)).not.toContain('lock');
  });

  it.each([
    ['a dead process', '4194999 1 aa'],
    ['a process that got the id again', `${process.pid} 1 aa`],
    ['garbage', 'hello'],
    ['nothing', ''],
  ])('of %s is taken over', async (_name, content) => {
    await writeFile(join(directory, 'lock'), content);
    await using journal = await open();
    expect(await journal.append('a')).toBe(1);
    expect(await readFile(join(directory, 'lock'), 'utf8')).toMatch(new RegExp(`^${process.pid} `));
  });

  it('goes to exactly one of many processes that want a stale one', async () => {
    await writeFile(join(directory, 'lock'), '4194999 1 aa');
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => tryToLock()));
    expect(outcomes.filter((outcome) => outcome === 'locked')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'journal-locked')).toHaveLength(5);
  });

  /** Each child keeps its lock until all have tried: its standard input ends when this function returns. */
  const releases: (() => void)[] = [];
  function tryToLock(): Promise<string> {
    const text = `
      import { acquireLock } from ${JSON.stringify(new URL('lock-file.ts', import.meta.url).href)};
      try { acquireLock(${JSON.stringify(join(directory, 'lock'))}); console.log('locked'); }
      catch (error) { console.log(error.code); }
      process.stdin.resume();`;
    const child = spawn(process.execPath, typescriptArguments(text), { stdio: ['pipe', 'pipe', 'inherit'] });
    releases.push(() => child.stdin.end());
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.stdout.once('data', (line: Buffer) => {
        resolve(line.toString().trim());
      });
    });
  }
  afterEach(() => {
    for (const release of releases.splice(0)) release();
  });
});

describe('a full disk', () => {
  beforeEach(() => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'rw-journal-test', directory]);
  });
  afterEach(() => {
    execFileSync('umount', [directory]);
  });

  it('refuses appends without leaving half a record, and works again once there is space', async () => {
    const filler = join(directory, 'filler');
    const acknowledged: string[] = [];
    {
      await using journal = await open(16_384);
      await writeFile(filler, Buffer.alloc(150_000));
      const failure = await appendUntilFull(journal, acknowledged);
      expect(failure).toMatchObject({ code: 'disk-failed', retryable: true });
      expect(acknowledged.length).toBeGreaterThan(5);
      expect(await payloads(journal)).toEqual(acknowledged);

      await rm(filler);
      await journal.append('after');
      acknowledged.push('after');
      expect(await payloads(journal)).toEqual(acknowledged);
    }
    await using journal = await open(16_384);
    expect([await payloads(journal), journal.damagedRecords]).toEqual([acknowledged, 0]);
  });

  it('can be freed by truncating, even when not one octet is left', async () => {
    await using journal = await open(16_384);
    const acknowledged: string[] = [];
    await appendUntilFull(journal, acknowledged);
    // What little is left goes too, so that not even the note of the truncation fits.
    await writeFile(join(directory, 'rest'), Buffer.alloc(1_000_000)).catch(() => undefined);
    await journal.truncate(acknowledged.length).catch((error: unknown) => {
      expect(error).toMatchObject({ code: 'disk-failed' });
    });
    await journal.append('after');
    expect((await payloads(journal)).at(-1)).toBe('after');
  });

  it('leaves the old document in place', async () => {
    const document = new FileDocument(join(directory, 'view.json'));
    await document.write('old');
    await expect(document.write('x'.repeat(400_000))).rejects.toMatchObject({ code: 'disk-failed' });
    expect(await document.read()).toBe('old');
    await document.write('new');
    expect(await document.read()).toBe('new');
  });

  async function appendUntilFull(journal: FileJournal, acknowledged: string[]): Promise<unknown> {
    for (let i = 0; i < 1_000; i += 1) {
      const payload = `${i} ${'z'.repeat(5_000)}`;
      try {
        await journal.append(payload);
      } catch (error) {
        if (error instanceof OperationalError) return error;
        throw error;
      }
      acknowledged.push(payload);
    }
    throw new Error('the disk never filled up');
  }
});

describe('kill -9 in the middle of appending', () => {
  const seed = Math.floor(Math.random() * 2 ** 31);

  it(`loses nothing that was acknowledged (seed ${seed})`, async () => {
    const random = new SeededRandom(seed);
    const expected = new Map<number, string>();
    let forgotten = 0;
    // A truncation that was asked for may have happened without being acknowledged.
    let maybeForgotten = 0;
    for (let round = 0; round < 8; round += 1) {
      const report = await appendUntilKilled(round, 10 + random.fraction() * 150);
      for (const line of report) {
        const [kind, position = '', payload = ''] = line.split(' ');
        if (kind === 't') maybeForgotten = Math.max(maybeForgotten, Number(position));
        else if (kind === 'T') forgotten = Math.max(forgotten, Number(position));
        else expected.set(Number(position), payload);
      }
      await using journal = await open(4_096);
      expect(journal.damagedRecords).toBe(0);
      const found = new Map<number, string>();
      for await (const { position, payload } of journal.read()) found.set(position, payload);
      const missing = [...expected].filter(
        ([position, payload]) => position > maybeForgotten && found.get(position) !== payload,
      );
      expect(missing).toEqual([]);
      expect([...found.keys()].filter((position) => position <= forgotten)).toEqual([]);
      expect([...found.keys()]).toEqual([...found.keys()].sort((a, b) => a - b));
    }
    expect(expected.size).toBeGreaterThan(50);
  }, 300_000);

  /**
   * Starts a process that appends and truncates and reports what was acknowledged; kills it after some reports. It
   * reports to a file: what it has written there is there, while a pipe that nobody empties for a moment would keep
   * reports in its memory.
   */
  async function appendUntilKilled(round: number, reports: number): Promise<readonly string[]> {
    const path = `${directory}.report-${round}`;
    const text = `
      import { FileJournal } from ${JSON.stringify(new URL('file-journal.ts', import.meta.url).href)};
      import { silentLogger } from ${JSON.stringify(new URL('../../../kernel/src/index.ts', import.meta.url).href)};
      import { openSync, writeSync } from 'node:fs';
      const report = openSync(${JSON.stringify(path)}, 'a');
      const tell = (line) => writeSync(report, line + '\\n');
      const journal = await FileJournal.open({ directory: ${JSON.stringify(directory)}, logger: silentLogger, segmentBytes: 4096 });
      async function worker(name) {
        for (let i = 0; ; i += 1) {
          const payload = '${round}-' + name + '-' + i + '-' + 'p'.repeat(i % 97);
          const position = await journal.append(payload);
          tell('A ' + position + ' ' + payload);
          if (i % 25 === 24) {
            tell('t ' + (position - 40));
            await journal.truncate(position - 40);
            tell('T ' + (position - 40));
          }
        }
      }
      await Promise.all(['a', 'b', 'c'].map(worker));`;
    await writeFile(path, '');
    const child = spawn(process.execPath, typescriptArguments(text), { stdio: ['ignore', 'ignore', 'inherit'] });
    const ended = once(child, 'close');
    const hasReported = async (): Promise<boolean> => (await readFile(path, 'utf8')).split('\n').length > reports;
    try {
      await waitFor(hasReported, { what: `${reports} reports`, deadlineMs: 120_000, pollMs: 2 });
    } finally {
      child.kill('SIGKILL');
      await ended;
    }
    expect(child.signalCode).toBe('SIGKILL');
    const output = await readFile(path, 'utf8');
    await rm(path);
    return output.slice(0, output.lastIndexOf('\n')).split('\n');
  }
});
