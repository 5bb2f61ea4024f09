import { Argument, Command } from 'commander';
import type { Benchmark } from './benchmark.js';
import { codecs } from './codecs/codecs.js';
import { createTask } from './create-task/create-task.js';
import { http } from './http/http.js';
import { dhcp } from './dhcp/dhcp.js';
import { dhcpStorm } from './dhcp/storm/dhcp-storm.js';
import { approval } from './live/approval.js';
import { progress } from './live/progress.js';
import { regionMemory } from './region-memory/region-memory.js';
import { verdictOf, type Figure } from './report/figure.js';
import { formatJson, formatTable } from './report/format-report.js';
import { describeSurroundings } from './report/surroundings.js';
import { tftp } from './tftp/tftp.js';

const benchmarks: readonly Benchmark[] = [
  createTask,
  approval,
  progress,
  regionMemory,
  codecs,
  dhcp,
  dhcpStorm,
  http,
  tftp,
];
const QUICK_EFFORT = 0.1;

interface Flags {
  readonly json: boolean;
  readonly strict: boolean;
  readonly quick: boolean;
}

const command = new Command('bench')
  .description('Measures the product in real processes and compares the figures with their targets.')
  .addArgument(new Argument('[names...]', 'which to run; default: all').choices(benchmarks.map(({ name }) => name)))
  .option('--json', 'print one JSON document instead of a table', false)
  .option('--strict', 'end with status 1 when a target is missed', false)
  .option('--quick', 'a tenth of the samples: to see that it works, not for figures to keep', false)
  .addHelpText('after', `\n${benchmarks.map(({ name, summary }) => `  ${name.padEnd(15)}${summary}`).join('\n')}`)
  .parse();
const flags = command.opts<Flags>();
const wanted = new Set(command.args);
const chosen = benchmarks.filter(({ name }) => wanted.size === 0 || wanted.has(name));

const figures: Figure[] = [];
for (const benchmark of chosen) {
  const say = (what: string): void => void process.stderr.write(`${benchmark.name}: ${what}\n`);
  figures.push(...(await benchmark.run({ say, effort: flags.quick ? QUICK_EFFORT : 1 })));
}

const surroundings = describeSurroundings(['node bench/dist/main.js', ...process.argv.slice(2)].join(' '), new Date());
const missed = figures.filter((figure) => verdictOf(figure) === 'missed');
if (flags.json) {
  process.stdout.write(`${formatJson(surroundings, figures)}\n`);
} else {
  const { date, machine, versions } = surroundings;
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  process.stdout.write(`${date}, ${machine}, ${programs.join(', ')}\n\n${formatTable(figures)}\n`);
}
if (missed.length > 0) {
  process.stderr.write(`\nmissed: ${missed.map(({ benchmark, name }) => `${benchmark} ${name}`).join('; ')}\n`);
  if (flags.strict) process.exitCode = 1;
}
