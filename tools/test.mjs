/**
 * Runs every test of the workspace, or those the arguments name, and prints one total. Each Vitest project runs by itself,
 * so that a slow end-to-end run never disturbs the timing of the others; all run even when one fails.
 *   node tools/test.mjs [--project unit|integration|e2e]... [vitest arguments]
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const root = process.cwd();
const reports = join(root, '.rackwright', 'reports');
/** Of what a failed test said, so many lines are told again at the end: the message and where it was thrown. */
const FAILURE_LINES = 12;
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

const isFailed = (test) => test.status === 'failed';

/** A file that fails before its first test counts as one failure; so does a run that fails without a failed test. */
function readReport(report, code) {
  if (!existsSync(report)) return { passed: 0, failures: ['no report was written'] };
  const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
  const passed = testResults.flatMap((file) => file.assertionResults).filter((test) => test.status === 'passed').length;
  const failures = testResults.flatMap(failuresOf);
  if (failures.length === 0 && code !== 0) failures.push(`every test passed, but Vitest ended with ${code}`);
  return { passed, failures };
}

/** One text for each test that did not pass: where it is, what it is called and what it said. */
function failuresOf(file) {
  const name = relative(root, file.name);
  const told = file.assertionResults
    .filter((test) => test.status !== 'passed')
    .map((test) => describe(`${name} > ${test.fullName}`, test.failureMessages?.join('\n') || test.status));
  const broken = file.status === 'failed' && !file.assertionResults.some(isFailed);
  return broken ? [describe(name, file.message), ...told] : told;
}

function describe(title, message = '') {
  const lines = message.split('\n').filter((line) => !line.includes('/node_modules/'));
  return [title, ...lines.slice(0, FAILURE_LINES).map((line) => `    ${line}`)].join('\n');
}

async function main() {
  const { projects, rest } = parseArguments(process.argv.slice(2));
  rmSync(reports, { recursive: true, force: true });
  mkdirSync(reports, { recursive: true });
  const total = { passed: 0, failed: 0 };
  const lines = [];
  const failed = [];
  for (const project of projects) {
    const report = join(reports, `${project}.json`);
    const startedAt = performance.now();
    const code = await runVitest(project, rest, report);
    const { passed, failures } = readReport(report, code);
    total.passed += passed;
    total.failed += failures.length;
    failed.push(...failures.map((failure) => `FAILED ${project}: ${failure}`));
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    lines.push(`${project.padEnd(12)} ${passed} passed, ${failures.length} failed  (${seconds} s)`);
  }
  const summary = `${total.passed} passed, ${total.failed} failed`;
  writeFileSync(join(reports, 'total'), `${summary}\n`);
  writeFileSync(join(reports, 'failures'), failed.map((failure) => `${failure}\n`).join(''));
  console.log(['', ...failed, ...lines, summary].join('\n'));
  if (total.failed > 0 || total.passed === 0) process.exitCode = 1;
}

await main();
