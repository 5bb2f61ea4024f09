import { createServer } from 'node:net';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, launchProcess, waitFor, type LaunchedProcess } from '@rackwright/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('../../tools/demo/dist/main.js', import.meta.url));
const PORTS = [
  'ETCD',
  'NATS',
  'MQTT',
  'CONTROL_PLANE',
  'DC1_HTTP',
  'DC1_DHCP',
  'DC1_TFTP',
  'DC2_HTTP',
  'DC2_DHCP',
  'DC2_TFTP',
] as const;

describe('the demonstration', () => {
  let stateDir: string;
  const env: Record<string, string> = {};

  beforeAll(async () => {
    stateDir = await mkdtemp(join(tmpdir(), 'rackwright-demo-'));
    for (const name of PORTS) env[`RW_DEMO_${name}_PORT`] = String(await freePort());
  });

  afterAll(async () => {
    await rm(stateDir, { recursive: true, force: true });
  });

  function start(args: readonly string[], settings = env): Promise<LaunchedProcess> {
    return launchProcess({
      command: process.execPath,
      args: [MAIN, '--state-dir', stateDir, '--machines', '4', ...args],
      env: settings,
      installHint: 'make deps',
    });
  }

  function isListening(variable: string): Promise<boolean> {
    return fetch(`http://127.0.0.1:${String(env[variable])}/health`).then(
      async (response) => (await response.arrayBuffer()).byteLength > 0,
      () => false,
    );
  }

  it.each(['first', 'second'])('installs every machine and ends with status 0, the %s time', async () => {
    const demo = await start(['--once']);
    const { exitCode } = await demo.exited;
    expect(exitCode, demo.output()).toBe(0);
    expect(demo.output()).toContain('completed');
    expect(await isListening('RW_DEMO_CONTROL_PLANE_PORT')).toBe(false);
  });

  it('says which machine was not installed in time, with status 1', async () => {
    const demo = await start(['--once', '--timeout', '1']);
    const { exitCode } = await demo.exited;
    expect(exitCode).toBe(1);
    expect(demo.output()).toContain('not all tasks were completed within 1 s');
  });

  it('names a taken port and the variable that moves it', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const taken = String((server.address() as { port: number }).port);
    const demo = await start(['--once'], { ...env, RW_DEMO_ETCD_PORT: taken });
    const { exitCode } = await demo.exited;
    server.close();
    expect(exitCode).toBe(1);
    expect(demo.output()).toContain(`tcp ${taken} (etcd) is in use`);
    expect(demo.output()).toContain('set RW_DEMO_ETCD_PORT');
  });

  it('keeps running until Ctrl-C and then stops everything it started', async () => {
    const demo = await start([]);
    await waitFor(() => demo.output().includes('Ctrl-C stops everything'), {
      what: 'the end of the story',
      deadlineMs: 120_000,
    });
    expect(await isListening('RW_DEMO_CONTROL_PLANE_PORT')).toBe(true);
    process.kill(demo.pid, 'SIGINT');
    const { exitCode } = await demo.exited;
    expect(exitCode, demo.output()).toBe(0);
    for (const name of ['CONTROL_PLANE', 'DC1_HTTP', 'DC2_HTTP', 'ETCD']) {
      expect(await isListening(`RW_DEMO_${name}_PORT`), name).toBe(false);
    }
  });
});
