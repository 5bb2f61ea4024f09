/**
 * Runs every test of the workspace, or those the arguments name, and prints one total. Each Vitest project runs by itself,
 * so that a slow end-to-end run never disturbs the timing of the others; all run even when one fails.
 *   node tools/test.mjs [--project unit|integration|e2e]... [vitest arguments]
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = process.cwd();
const reports = join(root, '.rackwright', 'reports');
const allProjects = ['unit', 'integration', 'e2e'];

function parseArguments(given) {
  const projects = [];
  const rest = [];
  for (let index = 0; index < given.length; index += 1) {
    if (given[index] === '--project') projects.push(given[(index += 1)]);
    else rest.push(given[index]);
  }
  return { projects: projects.length > 0 ? projects : allProjects, rest };
}

function runVitest(project, rest, report) {
  const args = [
    join(root, 'node_modules', 'vitest', 'vitest.mjs'),
    'run',
    '--project',
    project,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...rest,
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

/** A file that fails before its first test counts as one failure; so does a run that fails without a failed test. */
function countReport(report, code) {
  if (!existsSync(report)) return { passed: 0, failed: 1 };
  const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
  const results = testResults.flatMap((file) => file.assertionResults);
  const passed = results.filter((test) => test.status === 'passed').length;
  const notPassed = results.length - passed;
  const broken = testResults.filter((file) => file.status === 'failed' && !file.assertionResults.some(isFailed)).length;
  const failed = notPassed + broken;
  return { passed, failed: failed === 0 && code !== 0 ? 1 : failed };
}

const isFailed = (test) => test.status === 'failed';

async function main() {
  const { projects, rest } = parseArguments(process.argv.slice(2));
  rmSync(reports, { recursive: true, force: true });
  mkdirSync(reports, { recursive: true });
  const total = { passed: 0, failed: 0 };
  const lines = [];
  for (const project of projects) {
    const report = join(reports, `${project}.json`);
    const startedAt = performance.now();
    const code = await runVitest(project, rest, report);
    const { passed, failed } = countReport(report, code);
    total.passed += passed;
    total.failed += failed;
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    lines.push(`${project.padEnd(12)} ${passed} passed, ${failed} failed  (${seconds} s)`);
  }
  const summary = `${total.passed} passed, ${total.failed} failed`;
  writeFileSync(join(reports, 'total'), `${summary}\n`);
  console.log(`\n${lines.join('\n')}\n${summary}`);
  if (total.failed > 0 || total.passed === 0) process.exitCode = 1;
}

await main();
