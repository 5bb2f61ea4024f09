import { Worker } from 'node:worker_threads';
import { Command, InvalidArgumentError } from 'commander';
import { dhcpProperties, tftpProperties } from '@rackwright/testing';
import type { FuzzOrder } from './fuzz-message.js';
import { SLICE_MS } from './run-rounds.js';
import { watchThread } from './watch-thread.js';

const DEFAULT_MINUTES = 10;
const MAX_MINUTES = 10_080;
/** After a turn: a finding is made smaller, on a machine that does other things as well. */
const STALL_MS = 120_000;
const MAX_SEED = 2 ** 31;
const names = [...dhcpProperties, ...tftpProperties].map(({ name }) => name);

function minutesOf(text: string): number {
  const minutes = Number(text);
  if (minutes > 0 && minutes <= MAX_MINUTES) return minutes;
  throw new InvalidArgumentError(`must be a number of minutes above 0, at most ${String(MAX_MINUTES)}`);
}

function seedOf(text: string): number {
  const seed = Number(text);
  if (/^-?\d+$/.test(text) && Math.abs(seed) <= MAX_SEED) return seed;
  throw new InvalidArgumentError('must be a seed as it was printed');
}

function partOf(text: string): string {
  if (names.some((name) => name.includes(text))) return text;
  throw new InvalidArgumentError(`no property has it in its name:\n${names.join('\n')}`);
}

const { minutes, only, seed } = new Command('fuzz')
  .description(
    'Looks for inputs that break the codecs and sessions of DHCP and TFTP, with fresh seeds until the time is over.',
  )
  .option('--minutes <n>', 'how long', minutesOf, DEFAULT_MINUTES)
  .option('--only <text>', 'properties whose names have this in them', partOf, '')
  .option('--seed <n>', 'the seed of a finding, to see it again', seedOf)
  .addHelpText(
    'after',
    '\nStatus 0: nothing was found. 1: something was; its seed and the smallest input are printed. 2: called the wrong way.',
  )
  .exitOverride((error) => {
    process.exit(error.exitCode === 0 ? 0 : 2);
  })
  .parse()
  .opts<{ readonly minutes: number; readonly only: string; readonly seed?: number }>();

const durationMs = minutes * 60_000;
const isRepeat = seed !== undefined;
const order: FuzzOrder = { durationMs, only, isRepeat, seed: seed ?? Math.trunc(Math.random() * MAX_SEED) };
process.stdout.write(`fuzzing for ${String(minutes)} minutes from seed ${String(order.seed)}\n`);
const thread = new Worker(new URL('./fuzz-thread.js', import.meta.url), { workerData: order });
const findings = await watchThread(thread, {
  stallMs: STALL_MS + (isRepeat ? durationMs : SLICE_MS),
  print: (text) => void process.stdout.write(text),
});
process.stdout.write(`${String(findings).padStart(12)}  findings\n`);
if (findings > 0) process.exitCode = 1;
