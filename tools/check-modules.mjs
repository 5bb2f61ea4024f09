/**
 * Tells whether node_modules holds what package-lock.json asks for. Runs on the Node of a clean machine, before `npm ci`
 * has brought the pinned one.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = process.cwd();
const wantedMajor = 24;

function readPackages(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : undefined;
}

/** Packages for other platforms, and peers npm may leave out, are not looked for. */
const isRequired = ([path, entry]) =>
  path.startsWith('node_modules/') && !(entry.optional || entry.devOptional || entry.peer);

function findDifference() {
  const wanted = readPackages(join(root, 'package-lock.json'));
  const installed = readPackages(join(root, 'node_modules', '.package-lock.json'));
  if (installed === undefined) return 'nothing is installed';
  for (const [path, entry] of Object.entries(wanted).filter(isRequired)) {
    const found = installed[path];
    if (found === undefined) return `${path} is missing`;
    if (found.version !== entry.version) return `${path} is ${found.version}, not ${entry.version}`;
    if (entry.link && !existsSync(join(root, path))) return `${path} is not linked`;
  }
  return findRuntimeProblem();
}

function findRuntimeProblem() {
  const node = join(root, 'node_modules', '.bin', 'node');
  if (!existsSync(node)) return 'node_modules/.bin/node is missing';
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
  return version.startsWith(`v${wantedMajor}.`)
    ? undefined
    : `node_modules/.bin/node is ${version}, not v${wantedMajor}`;
}

const difference = findDifference();
if (difference !== undefined) {
  if (!process.argv.includes('--quiet')) console.error(`check-modules: ${difference}`);
  process.exitCode = 1;
}
