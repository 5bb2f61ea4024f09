/** Runs every static check, reports all of them, and fails if one failed. Arguments name single checks. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const bin = (...path) => join('node_modules', ...path);
const checks = {
  references: ['tools/check-references.mjs'],
  files: ['tools/check-files.mjs'],
  format: [bin('prettier', 'bin', 'prettier.cjs'), '--check', '--log-level', 'warn', '.'],
  types: [bin('typescript', 'bin', 'tsc'), '-p', 'tsconfig.check.json'],
  lint: ['tools/lint.mjs'],
  boundaries: [
    bin('dependency-cruiser', 'bin', 'dependency-cruiser.mjs'),
    '--config',
    '.dependency-cruiser.mjs',
    'libs',
    'apps',
    'tools',
    'e2e',
    'bench',
  ],
  unused: [bin('knip', 'bin', 'knip.js'), '--no-config-hints'],
};

function select(names) {
  const unknown = names.filter((name) => !(name in checks));
  if (unknown.length > 0)
    throw new Error(`no check named ${unknown.join(', ')}; known: ${Object.keys(checks).join(', ')}`);
  return names.length > 0 ? names : Object.keys(checks);
}

const results = select(process.argv.slice(2)).map((name) => {
  console.log(`== ${name}`);
  const startedAt = performance.now();
  const { status } = spawnSync(process.execPath, checks[name], { stdio: ['ignore', 'inherit', 'inherit'] });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  return { name, isPassed: status === 0, seconds };
});

console.log('== summary');
for (const { name, isPassed, seconds } of results) {
  console.log(`${name.padEnd(12)} ${isPassed ? 'passed' : 'FAILED'} (${seconds} s)`);
}
if (results.some(({ isPassed }) => !isPassed)) process.exitCode = 1;
