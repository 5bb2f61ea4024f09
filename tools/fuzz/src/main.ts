import { Command, InvalidArgumentError } from 'commander';
import { dhcpProperties, tftpProperties } from '@rackwright/testing';
import { runRounds } from './run-rounds.js';

const DEFAULT_MINUTES = 10;
const properties = [...dhcpProperties, ...tftpProperties];

function minutesOf(text: string): number {
  const minutes = Number(text);
  if (!(minutes > 0 && minutes <= 10_080)) throw new InvalidArgumentError('must be a number of minutes above 0');
  return minutes;
}

const { minutes, only } = new Command('fuzz')
  .description(
    'Looks for inputs that break the codecs and sessions of DHCP and TFTP, with fresh seeds until the time is over.',
  )
  .option('--minutes <n>', 'how long', minutesOf, DEFAULT_MINUTES)
  .option('--only <text>', 'properties whose names have this in them', '')
  .addHelpText('after', '\nStatus 0: nothing was found. 1: something was; its seed and the smallest input are printed.')
  .parse()
  .opts<{ readonly minutes: number; readonly only: string }>();

const chosen = properties.filter(({ name }) => name.includes(only));
const { runs, findings } = runRounds(chosen, minutes * 60_000, {
  nowMs: () => performance.now(),
  onFinding: ({ name }, report) => void process.stdout.write(`FOUND  ${name}\n${report}\n\n`),
});
for (const [name, count] of runs) process.stdout.write(`${String(count).padStart(12)}  ${name}\n`);
const total = [...runs.values()].reduce((sum, count) => sum + count, 0);
process.stdout.write(
  `${String(total).padStart(12)}  inputs in ${String(minutes)} minutes, ${String(findings)} findings\n`,
);
if (findings > 0) process.exitCode = 1;
