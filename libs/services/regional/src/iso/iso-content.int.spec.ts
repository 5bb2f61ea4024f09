import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { IsoContent } from './iso-content.js';

it('tells those who wait that the download failed, even when the disk does not take how far it came', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'rw-iso-'));
  const facts = { url: 'http://m/x.iso', identity: 'x', sizeBytes: 100 };
  const content = await IsoContent.create(join(directory, 'x.iso'), facts, 'magic-of-the-image');
  const waiting = content.waitFor(100).catch((error: unknown) => error);
  await rm(directory, { recursive: true });
  await expect(content.suspend(new Error('the upstream broke off'))).rejects.toThrow('ENOENT');
  expect(await waiting).toMatchObject({ message: 'the upstream broke off' });
  await content.release();
});
