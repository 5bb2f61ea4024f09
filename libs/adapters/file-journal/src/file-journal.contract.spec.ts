import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { durableDocumentConformance, durableLogConformance } from '@rackwright/testing';
import { silentLogger } from '@rackwright/kernel';
import { FileDocument, FileJournal } from './index.js';

async function makeDirectory() {
  const directory = await mkdtemp(join(tmpdir(), 'rw-journal-'));
  return { directory, [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) };
}

durableLogConformance('FileJournal', async () => {
  const place = await makeDirectory();
  return { ...place, open: () => FileJournal.open({ directory: place.directory, logger: silentLogger }) };
});

durableLogConformance('FileJournal with tiny segments', async () => {
  const place = await makeDirectory();
  const options = { directory: place.directory, logger: silentLogger, segmentBytes: 600 };
  return { ...place, open: () => FileJournal.open(options) };
});

durableDocumentConformance('FileDocument', async () => {
  const place = await makeDirectory();
  return { ...place, open: () => new FileDocument(join(place.directory, 'deep', 'view.json')) };
});
