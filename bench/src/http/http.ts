import { randomBytes } from 'node:crypto';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLab } from '@rackwright/testing';
import { scaled, type Bench, type Benchmark } from '../benchmark.js';
import type { Figure } from '../report/figure.js';
import { median, ratios } from '../report/statistics.js';
import { Nginx } from './nginx.js';
import { runWrk, type Load } from './wrk.js';

const IDC = 'dc1';
const FILE_BYTES = 100 * 1_048_576;
const BYTES_PER_MB = 1_000_000;
const ROUNDS = 5;
const SECONDS = 4;
const SCRIPT_CONNECTIONS = 32;
const FILE_CONNECTIONS = 4;
/** Machines that wait for a task and ask for their script again and again. */
const MACHINES = 1_000;
const SCRIPT_TARGET = 10_000;
const FILE_TARGET = 0.8;

const pathOfMachine = `string.format("/boot/0200000%05x/boot.ipxe?arch=x86_64&platform=efi", i % ${String(MACHINES)})`;

/** One thing that is asked of both servers. */
interface Question {
  readonly load: (base: string) => Omit<Load, 'seconds'>;
  readonly measure: 'requestsPerSecond' | 'bytesPerSecond';
}

const script: Question = {
  load: (base) => ({ url: base, connections: SCRIPT_CONNECTIONS, path: pathOfMachine }),
  measure: 'requestsPerSecond',
};
/** A request that names itself is logged and traced, each time. */
const loggedScript: Question = {
  load: (base) => ({ ...script.load(base), setup: 'wrk.headers["X-Request-Id"] = "bench"' }),
  measure: 'requestsPerSecond',
};
const file: Question = {
  load: (base) => ({ url: `${base}/static/big`, connections: FILE_CONNECTIONS }),
  measure: 'bytesPerSecond',
};

/** Boot scripts and large files over HTTP, beside nginx serving the same octets. */
export const http: Benchmark = {
  name: 'http',
  summary: 'boot scripts per second and throughput of a large file, against nginx',
  async run(bench) {
    await using stack = new AsyncDisposableStack();
    const stateDir = await mkdtemp(join(tmpdir(), 'rw-bench-http-'));
    stack.defer(() => rm(stateDir, { recursive: true, force: true }));
    const lab = stack.use(await startLab({ hasDurableEtcd: true, idcs: [IDC], stateDir, onProgress: bench.say }));
    const root = join(stateDir, 'assets');
    await mkdir(join(root, 'static'), { recursive: true });
    await writeFile(join(root, 'static/big'), randomBytes(FILE_BYTES));
    const { url } = lab.region(IDC).service;
    const sample = await fetch(`${url}/boot/020000000000/boot.ipxe?arch=x86_64&platform=efi`);
    await writeFile(join(root, 'boot.txt'), await sample.text());
    const nginx = stack.use(await Nginx.launch(root, 'boot.txt'));
    bench.say('boot scripts');
    await runWrk({ ...script.load(url), seconds: scaled(SECONDS, bench) });
    const scripts = await compare(script, { ours: url, nginx: nginx.url }, bench);
    const logged = await runWrk({ ...loggedScript.load(url), seconds: SECONDS });
    bench.say('a file of 100 MiB');
    const files = await compare(file, { ours: url, nginx: nginx.url }, bench);
    return [...figuresOfScripts(scripts, logged.requestsPerSecond), ...figuresOfFiles(files)];
  },
};

interface Compared {
  readonly ours: readonly number[];
  readonly nginx: readonly number[];
}

/** Both servers take turns, so that neither meets another machine. */
async function compare(
  { load, measure }: Question,
  urls: Readonly<Record<'ours' | 'nginx', string>>,
  bench: Bench,
): Promise<Compared> {
  const seen = { ours: [] as number[], nginx: [] as number[] };
  for (let round = 0; round < scaled(ROUNDS, bench, 2); round += 1) {
    for (const side of ['ours', 'nginx'] as const) {
      const result = await runWrk({ ...load(urls[side]), seconds: SECONDS });
      seen[side].push(result[measure]);
    }
  }
  return seen;
}

function figuresOfScripts({ ours, nginx }: Compared, logged: number): readonly Figure[] {
  const half = median(nginx) / 2;
  const limit = Math.min(SCRIPT_TARGET, half);
  const because = limit === half ? 'half of nginx' : 'or half of nginx';
  const figure = (name: string, value: number): Figure => ({ benchmark: http.name, name, value, unit: '/s' });
  return [
    { ...figure('boot scripts', median(ours)), target: { bound: 'at-least', limit, because } },
    figure('the same octets from nginx', median(nginx)),
    figure('boot scripts, each logged and traced', logged),
  ];
}

function figuresOfFiles({ ours, nginx }: Compared): readonly Figure[] {
  const figure = (name: string, value: number): Figure => ({
    benchmark: http.name,
    name,
    value: value / BYTES_PER_MB,
    unit: 'MB/s',
  });
  return [
    figure('file of 100 MiB', median(ours)),
    figure('the same from nginx', median(nginx)),
    {
      benchmark: http.name,
      name: 'file / nginx',
      value: median(ratios(ours, nginx)),
      unit: 'x',
      target: { bound: 'at-least', limit: FILE_TARGET },
    },
  ];
}
