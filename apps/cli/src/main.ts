#!/usr/bin/env node
import { readFile } from 'node:fs/promises';
import { runRackctl } from '@rackwright/service-cli';

process.exitCode = await runRackctl({
  argv: process.argv.slice(2),
  env: process.env,
  print: (text) => void process.stdout.write(text),
  printError: (text) => void process.stderr.write(text),
  readFile: (path) => readFile(path),
  fetch,
  deadline: (timeoutMs) => AbortSignal.timeout(timeoutMs),
});
