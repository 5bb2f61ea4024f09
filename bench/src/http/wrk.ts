import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const call = promisify(execFile);

export interface Load {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  /** A Lua expression for the path of the request with number `i`; default: the path of the URL. */
  readonly path?: string;
  /** Lua that sets up requests, e.g. their headers. */
  readonly setup?: string;
}

/** What a load got. */
export interface LoadResult {
  readonly requestsPerSecond: number;
  readonly bytesPerSecond: number;
}

const UNITS: Readonly<Record<string, number>> = { B: 1, KB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30 };

/** Runs wrk with one thread; throws when any answer was not as it should be. */
export async function runWrk({ url, connections, seconds, path, setup = '' }: Load): Promise<LoadResult> {
  const folder = await mkdtemp(join(tmpdir(), 'rw-wrk-'));
  try {
    const script = join(folder, 'request.lua');
    const request =
      path === undefined ? '' : `i = 0\nrequest = function() i = i + 1; return wrk.format("GET", ${path}) end\n`;
    await writeFile(script, `${setup}\n${request}`);
    const load = ['-t1', `-c${String(connections)}`, `-d${String(seconds)}s`, '--timeout', '30s'];
    const { stdout } = await call('wrk', [...load, '-s', script, url]);
    return parseWrk(stdout);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function parseWrk(text: string): LoadResult {
  if (/Non-2xx|Socket errors/.test(text)) throw new Error(`not every answer was right:\n${text}`);
  const [, requests] = /Requests\/sec:\s+([\d.]+)/.exec(text) ?? [];
  const [, amount, unit = ''] = /Transfer\/sec:\s+([\d.]+)([KMG]?B)/.exec(text) ?? [];
  const factor = UNITS[unit];
  if (requests === undefined || amount === undefined || factor === undefined) throw new Error(`wrk said:\n${text}`);
  return { requestsPerSecond: Number(requests), bytesPerSecond: Number(amount) * factor };
}
