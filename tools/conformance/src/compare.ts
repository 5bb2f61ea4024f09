import { readFile, writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { comparisonTable, summaryOf, type Report } from './report.js';
import { dnsmasq } from './subjects/dnsmasq.js';
import { kea } from './subjects/kea.js';
import { playSubject } from './subjects/play-subject.js';
import { rackwright } from './subjects/rackwright.js';

const COMMAND = 'node tools/conformance/dist/compare.js --write docs/reference/conformance.md';
const MARKER = '<!-- results -->';

const { write } = new Command('compare')
  .description('Plays the statements against Rackwright, Kea and dnsmasq, each in a network of its own. Needs root.')
  .option('--write <file>', 'write the table into this page, behind its marker')
  .parse()
  .opts<{ readonly write?: string }>();

const reports: Report[] = [];
for (const subject of [rackwright, kea, dnsmasq]) {
  const report = await playSubject(subject);
  process.stderr.write(`${report.subject} ${report.version}: ${summaryOf(report.statements)}\n`);
  reports.push(report);
}
const versions = reports.map(({ subject, version }) => `${subject} ${version}`).join(', ');
const page = `\n\nWritten by \`${COMMAND}\` on ${new Date().toISOString().slice(0, 10)}: ${versions}.\n\n${comparisonTable(reports)}`;
if (write === undefined) {
  process.stdout.write(page);
} else {
  const [head = ''] = (await readFile(write, 'utf8')).split(MARKER);
  await writeFile(write, `${head}${MARKER}${page}`);
}
// Ours is to keep every statement; the others are there to compare with.
if (reports[0]?.statements.some(({ outcome }) => outcome !== 'pass') !== false) process.exitCode = 1;
