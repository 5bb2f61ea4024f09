import { spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { typescriptArguments } from '@rackwright/testing';

/** More than a service of a few lines needs to stop, however busy the machine is. */
const PATIENT_MS = 100_000;

interface Demo {
  /** What it does when started. */
  readonly body: string;
  readonly args?: readonly string[];
  readonly stopDeadlineMs?: number;
}

/** A service of a few lines in a process of its own. */
function start({ body, args = [], stopDeadlineMs = PATIENT_MS }: Demo) {
  const source = (file: string): string => JSON.stringify(new URL(file, import.meta.url).href);
  const text = `
    import { createServer } from 'node:net';
    import { runService } from ${source('run-service.ts')};
    import { commonSettings } from ${source('config/common-settings.ts')};
    const definition = { name: 'demo', version: '1', settings: commonSettings, stopDeadlineMs: ${String(stopDeadlineMs)} };
    await runService(definition, async ({ logger, config }) => { ${body} });`;
  const child = spawn(process.execPath, [...typescriptArguments(text), '--', 'demo', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] },
  });
  let output = '';
  const ready = Promise.withResolvers<boolean>();
  const collect = (chunk: Buffer): void => {
    output += chunk.toString();
    if (output.includes('ready')) ready.resolve(true);
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const ended = new Promise<{ readonly code: number | null; readonly output: string }>((resolve) => {
    child.once('close', (code) => {
      ready.resolve(false);
      resolve({ code, output });
    });
  });
  return { child, ended, ready: ready.promise };
}

const SERVER = `
  const server = createServer().listen(0);
  const close = () => new Promise((resolve) => server.close(resolve));`;

describe('runService in a process', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('stops on %s, disposes and exits 0', async (signal) => {
    const { child, ended, ready } = start({
      body: `${SERVER}
        logger.info({}, 'ready');
        return { async [Symbol.asyncDispose]() { await close(); logger.info({}, 'disposed'); } };`,
    });
    expect(await ready).toBe(true);
    child.kill(signal);
    child.kill(signal);
    const { code, output } = await ended;
    expect([code, output.match(/disposed/g)?.length]).toEqual([0, 1]);
    expect(output).toContain('"message":"stopped"');
  });

  it('exits 78 and names the mistakes', async () => {
    const { code, output } = await start({ body: 'throw new Error("never");', args: ['--http-port', 'x'] }).ended;
    expect([code, output]).toEqual([78, expect.stringMatching(/^1 mistake.*\n {2}--http-port: expected/)]);
  });

  it('exits 1 with the reason when it cannot start', async () => {
    const { code, output } = await start({ body: 'throw new Error("no interface eth9");' }).ended;
    expect([code, output]).toEqual([1, expect.stringContaining('no interface eth9')]);
  });

  it.each([
    ['a rejection nobody handles', 'void Promise.reject(new Error("the bug"))'],
    ['an exception in a callback', 'setImmediate(() => { throw new Error("the bug"); })'],
  ])('crashes with a log line on %s', async (_name, bug) => {
    const { code, output } = await start({ body: `${SERVER} ${bug}; return { [Symbol.asyncDispose]: close };` }).ended;
    expect(code).toBe(1);
    expect(output).toMatch(/"message":"the bug".*"message":"crashed"/);
  });

  it('ends with 1 when it does not stop in time, and when it leaves something open', async () => {
    const stuck = start({
      body: `${SERVER} logger.info({}, 'ready'); return { [Symbol.asyncDispose]: () => new Promise(() => {}) };`,
      stopDeadlineMs: 300,
    });
    const leaking = start({
      body: `${SERVER} logger.info({}, 'ready'); return { async [Symbol.asyncDispose]() {} };`,
    });
    await Promise.all([stuck.ready, leaking.ready]);
    stuck.child.kill('SIGTERM');
    leaking.child.kill('SIGTERM');
    const [one, other] = await Promise.all([stuck.ended, leaking.ended]);
    expect([one.code, one.output]).toEqual([1, expect.stringContaining('did not stop in time')]);
    expect([other.code, other.output]).toEqual([1, expect.stringContaining('TCPServerWrap')]);
  });
});
