/**
 * Checks that the TypeScript project references say the same as the package.json files: a package references exactly the
 * workspace packages it depends on, and the root references every package.
 * With --fix the tsconfig.json files are rewritten.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const isFix = process.argv.includes('--fix');
const root = process.argv.slice(2).find((argument) => !argument.startsWith('--')) ?? process.cwd();

const readJson = (path) => JSON.parse(readFileSync(join(root, path), 'utf8'));

function findPackages() {
  const folders = readJson('package.json').workspaces.flatMap((pattern) =>
    globSync(`${pattern}/package.json`, { cwd: root }),
  );
  return folders.map(dirname).map((folder) => ({ folder, manifest: readJson(join(folder, 'package.json')) }));
}

/** References a package must list, as paths relative to it. Development dependencies are for tests, which are not built. */
function expectedReferences({ folder, manifest }, folderOf) {
  const names = Object.keys(manifest.dependencies ?? {}).filter((name) => folderOf.has(name));
  return names.map((name) => relative(folder, folderOf.get(name)));
}

function checkFile(tsconfigPath, expected) {
  const tsconfig = readJson(tsconfigPath);
  const actual = (tsconfig.references ?? []).map((reference) => reference.path.replace(/^\.\/(?!\.)/, ''));
  const missing = expected.filter((path) => !actual.includes(path));
  const stale = actual.filter((path) => !expected.includes(path));
  if (missing.length + stale.length === 0) return [];
  if (isFix) {
    const prefix = tsconfigPath === 'tsconfig.json' ? './' : '';
    tsconfig.references = expected.map((path) => ({ path: `${prefix}${path}` }));
    writeFileSync(join(root, tsconfigPath), `${JSON.stringify(tsconfig, null, 2)}\n`);
    console.log(`${tsconfigPath}: references rewritten`);
    return [];
  }
  return [
    ...missing.map((path) => `${tsconfigPath}: missing reference to ${path}`),
    ...stale.map((path) => `${tsconfigPath}: reference to ${path}, which package.json does not depend on`),
  ];
}

const packages = findPackages();
const folderOf = new Map(packages.map(({ folder, manifest }) => [manifest.name, folder]));
const problems = [
  ...packages.flatMap((item) => checkFile(join(item.folder, 'tsconfig.json'), expectedReferences(item, folderOf))),
  ...checkFile(
    'tsconfig.json',
    packages.map(({ folder }) => folder),
  ),
];
for (const problem of problems) console.error(problem);
if (problems.length > 0) {
  console.error('Run: npm run references:fix');
  process.exitCode = 1;
} else {
  console.log(`check-references: ${packages.length} packages`);
}
