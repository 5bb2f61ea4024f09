#!/usr/bin/env node
import { readFile } from 'node:fs/promises';
import { runRackctl } from '@rackwright/service-cli';
import packageFile from '../package.json' with { type: 'json' };

// `rackctl … | head` has read enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

process.exitCode = await runRackctl({
  version: packageFile.version,
  argv: process.argv.slice(2),
  env: process.env,
  print: (text) => void process.stdout.write(text),
  printError: (text) => void process.stderr.write(text),
  readFile: (path) => readFile(path),
  fetch,
  deadline: (timeoutMs) => AbortSignal.timeout(timeoutMs),
});
