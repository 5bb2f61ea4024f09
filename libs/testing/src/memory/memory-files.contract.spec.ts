import { watchedFilesConformance } from '../conformance/watched-file-conformance.js';
import { MemoryFiles } from './memory-files.js';

watchedFilesConformance('MemoryFiles', async () => {
  const files = new MemoryFiles();
  const path = '/site/machines.yaml';
  return {
    ...{ files, path },
    write: async (contents) => files.write(path, contents),
    remove: async () => files.remove(path),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
});
