/**
 * Runs a command again and again on a machine that is made busy and halting: another process takes the processor, one
 * waits for the disk all the time, and the Node processes of the command stand still for up to 1.5 s now and then. Tells how
 * many runs failed. A test that passes here does not depend on how fast the machine is.
 *   node tools/shake.mjs [--runs N] -- COMMAND [ARGUMENT]...
 */
import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const logs = join(process.cwd(), '.rackwright', 'shake');
const DEFAULT_RUNS = 10;
const PAUSE_MS = { from: 100, to: 1_500 };
const BETWEEN_PAUSES_MS = { from: 300, to: 2_300 };

// Both end with the process that started them, however it ends.
const BUSY = 'const parent = process.ppid; while (process.ppid === parent);';
const WAITING_FOR_DISK = `
  const { openSync, writeSync, fdatasyncSync, unlinkSync } = require('node:fs');
  const path = process.argv[1];
  const file = openSync(path, 'w');
  unlinkSync(path);
  const parent = process.ppid;
  while (process.ppid === parent) { writeSync(file, Buffer.alloc(65536), 0, 65536, 0); fdatasyncSync(file); }`;

const between = ({ from, to }) => from + Math.random() * (to - from);

function parseArguments(given) {
  const end = given.indexOf('--');
  const options = end === -1 ? given : given.slice(0, end);
  const command = end === -1 ? [] : given.slice(end + 1);
  const runs = options.length === 0 ? DEFAULT_RUNS : Number(options[1]);
  const isUsable = options.length === 0 || (options.length === 2 && options[0] === '--runs');
  if (!isUsable || !Number.isInteger(runs) || runs < 1 || command.length === 0) {
    console.error('usage: node tools/shake.mjs [--runs N] -- COMMAND [ARGUMENT]...');
    process.exit(2);
  }
  return { runs, command };
}

/** Node processes of the process group. */
function nodesOf(group) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const [program] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        const [, , groupOfPid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        return Number(groupOfPid) === group && /(^|\/)node$/.test(program);
      } catch {
        return false;
      }
    })
    .map(Number);
}

function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

async function haltNowAndThen(group, ended) {
  while (!ended.aborted) {
    await delay(between(BETWEEN_PAUSES_MS), undefined, { signal: ended }).catch(() => undefined);
    const nodes = nodesOf(group);
    const victim = nodes[Math.floor(Math.random() * nodes.length)];
    if (victim === undefined) continue;
    signal(victim, 'SIGSTOP');
    await delay(between(PAUSE_MS));
    signal(victim, 'SIGCONT');
  }
}

async function runOnce([program, ...args], log) {
  const output = createWriteStream(log);
  const child = spawn(program, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const stop = () => child.pid !== undefined && signal(-child.pid, 'SIGKILL');
  process.once('exit', stop);
  child.stdout.pipe(output, { end: false });
  child.stderr.pipe(output, { end: false });
  const ended = new AbortController();
  const closed = new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, by) => resolve(code ?? by));
  }).finally(() => ended.abort());
  const [outcome] = await Promise.all([
    closed,
    child.pid === undefined ? undefined : haltNowAndThen(child.pid, ended.signal),
  ]);
  process.removeListener('exit', stop);
  output.end();
  return outcome;
}

async function main() {
  const { runs, command } = parseArguments(process.argv.slice(2));
  mkdirSync(logs, { recursive: true });
  const load = [
    spawn(process.execPath, ['-e', BUSY]),
    spawn(process.execPath, ['-e', WAITING_FOR_DISK, join(logs, 'load')]),
  ];
  process.once('exit', () => load.forEach((each) => each.kill('SIGKILL')));
  for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => process.exit(130));
  let failed = 0;
  for (let run = 1; run <= runs; run += 1) {
    const log = join(logs, `${process.pid}-${run}.log`);
    const startedAt = performance.now();
    const outcome = await runOnce(command, log);
    if (outcome !== 0) failed += 1;
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    console.log(
      `run ${run} of ${runs}: ${outcome === 0 ? 'passed' : `failed (${outcome}), see ${log}`}  (${seconds} s)`,
    );
  }
  console.log(`${failed} of ${runs} runs failed`);
  process.exit(failed === 0 ? 0 : 1);
}

await main();
