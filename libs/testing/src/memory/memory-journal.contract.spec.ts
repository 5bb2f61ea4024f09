import { describe, expect, it } from 'vitest';
import { durableDocumentConformance, durableLogConformance } from '../conformance/durable-log-conformance.js';
import { MemoryDisk, MemoryDocument, MemoryJournal } from './memory-journal.js';

const nothingToRelease = { [Symbol.asyncDispose]: () => Promise.resolve() };

durableLogConformance('MemoryJournal', () => {
  const disk = new MemoryDisk();
  return Promise.resolve({ open: () => Promise.resolve(new MemoryJournal(disk)), ...nothingToRelease });
});

durableDocumentConformance('MemoryDocument', () => {
  const disk = new MemoryDisk();
  return Promise.resolve({ open: () => new MemoryDocument(disk), ...nothingToRelease });
});

describe('MemoryDisk', () => {
  it('fails writes while it is full and keeps what it had', async () => {
    const disk = new MemoryDisk();
    const log = new MemoryJournal(disk);
    const document = new MemoryDocument(disk);
    await log.append('a');
    await document.write('a');
    disk.isFull = true;
    await expect(log.append('b')).rejects.toMatchObject({ code: 'disk-failed' });
    await expect(document.write('b')).rejects.toMatchObject({ code: 'disk-failed' });
    disk.isFull = false;
    expect(await log.append('c')).toBe(2);
    expect(await document.read()).toBe('a');
  });
});
