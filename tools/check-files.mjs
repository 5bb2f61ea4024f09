/** Checks what ESLint cannot see: file and folder names, notes without an issue, and characters that do not belong in source. */
import { globSync, readFileSync } from 'node:fs';
import { join, parse } from 'node:path';

const forbidden = new Set(
  'utils util helpers helper common misc core base manager processor data info handler2'.split(' '),
);
const sourceRoots = ['apps', 'libs', 'tools', 'e2e', 'bench'];
const generated = /(^|\/)(node_modules|dist)(\/|$)/;
const kebab = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const suffixes = new Set(
  'module controller guard filter port schema interceptor pipe contract int e2e spec d config'.split(' '),
);
const noteWithoutIssue = /\b(TODO(?!\(#\d+\))|FIXME|XXX)\b/;
const ownText = 'tools/check-files.mjs';

/** Problems of one path: every folder and the file's stem is a plain kebab-case noun or verb. */
function nameProblems(path) {
  const { dir, name } = parse(path);
  const [stem, ...rest] = name.split('.');
  const words = [...dir.split('/'), stem].filter((word) => word !== '' && !word.startsWith('.'));
  const problems = words.filter((word) => forbidden.has(word)).map((word) => `the name "${word}" says nothing`);
  for (const word of words) if (!kebab.test(word)) problems.push(`"${word}" is not kebab-case`);
  for (const suffix of rest) if (!suffixes.has(suffix)) problems.push(`the suffix ".${suffix}" is needed by no tool`);
  return problems;
}

function textProblems(path, text) {
  if (path === ownText) return [];
  return text
    .split('\n')
    .flatMap((line, index) =>
      noteWithoutIssue.test(line) ? [`line ${index + 1}: a note needs its issue: TODO(#123)`] : [],
    );
}

function listFiles(root) {
  const patterns = sourceRoots.map((folder) => `${folder}/**/*.{ts,tsx,mjs,cjs,js}`);
  return globSync(patterns, { cwd: root, exclude: (path) => generated.test(path) }).sort();
}

const root = process.argv[2] ?? process.cwd();
const files = listFiles(root);
const problems = files.flatMap((path) =>
  [...nameProblems(path), ...textProblems(path, readFileSync(join(root, path), 'utf8'))].map(
    (problem) => `${path}: ${problem}`,
  ),
);
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
else console.log(`check-files: ${files.length} files`);
