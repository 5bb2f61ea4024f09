import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keyspace, type StoredLogLine } from '@rackwright/contracts';
import { freePort, waitFor } from '@rackwright/testing';
import { approvedTask, idc, mac, sn } from '../region-rig.spec.js';
import { startWholeRegion, whenReady, type WholeRegion } from '../whole-region.int.spec.js';

const run = promisify(execFile);
const task = approvedTask();
const source = { idc, sn, task_id: task.task_id };

let directory: string;
const closing: AsyncDisposable[] = [];
const sockets: Socket[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rw-syslog-'));
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const each of closing.splice(0).reverse()) await each[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

interface Ports {
  readonly udp: number;
  readonly tcp: number;
}

async function portsOf(region: WholeRegion): Promise<Ports> {
  const status = (await (await fetch(`${region.url}/api/v1/pxe/syslog/status`)).json()) as Record<
    'address' | 'tcp_address',
    string
  >;
  const port = (place: string): number => Number(place.split(':')[1]);
  return { udp: port(status.address), tcp: port(status.tcp_address) };
}

/** A region that installs the machine whose address is 127.0.0.1. */
async function start(): Promise<WholeRegion & { readonly ports: Ports }> {
  const path = join(directory, 'machines.yaml');
  await writeFile(path, `${mac}:\n  ipAddress: 127.0.0.1\n  subnetMask: 255.0.0.0\n`);
  const region = await startWholeRegion(directory, {
    env: { RW_SITE_BACKEND: 'file', RW_SITE_FILE: path, RW_SYSLOG_ENABLED: 'true' },
  });
  closing.push(region);
  await whenReady(region);
  return { ...region, ports: await portsOf(region) };
}

async function install({ store }: WholeRegion, status = task.status): Promise<void> {
  const key = keyspace.task.key({ idc, sn });
  await store.transact([], [{ kind: 'put', key, value: JSON.stringify({ ...task, status }) }]);
}

async function known(region: WholeRegion): Promise<void> {
  const ask = (): Promise<Response> =>
    fetch(`${region.url}/api/v1/task/${sn}`, { headers: { authorization: `Bearer ${task.boot.token}` } });
  await waitFor(async () => (await ask()).status === 200, { what: 'the region knows the task' });
}

/** What the control plane reads for `GET /api/v1/tasks/:idc/:sn/logs`. */
async function logged({ bus }: WholeRegion, count: number): Promise<readonly string[]> {
  const read = (): Promise<readonly StoredLogLine[]> => bus.readLogs(source, { after: 0, limit: 10_000 });
  await waitFor(async () => (await read()).length >= count, { what: `${count} lines in the log stream` });
  return (await read()).map(({ line }) => line.text);
}

async function dial(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** What is told to one side may be counted a moment later on the other. */
async function becomes(region: WholeRegion, series: string, value: number): Promise<void> {
  await waitFor(async () => (await region.metric(series)) === value, { what: `${series} ${value}` });
}

const counted = (transport: string, result: string): string =>
  `rw_syslog_messages_total{transport="${transport}",result="${result}"}`;

describe('syslog of machines', () => {
  it('takes what logger sends, by UDP and TCP, in both formats, into the log of the task', async () => {
    const region = await start();
    await install(region);
    await known(region);
    const { udp, tcp } = region.ports;
    const structured = ['--sd-id', 'stage@32473', '--sd-param', 'name="partman"'];
    const send = (...args: readonly string[]) => run('logger', ['-n', '127.0.0.1', '-t', 'anna', ...args]);
    await send('-P', String(udp), '-d', '--rfc3164', '-p', 'daemon.info', 'by UDP, RFC 3164');
    await logged(region, 1);
    await send('-P', String(udp), '-d', '--rfc5424', '-p', 'daemon.err', ...structured, 'by UDP, RFC 5424');
    await logged(region, 2);
    await send('-P', String(tcp), '-T', '--rfc3164', 'by TCP, RFC 3164');
    await logged(region, 3);
    await send('-P', String(tcp), '-T', '--rfc5424', '--octet-count', 'by TCP, RFC 5424, counted');
    const lines = await logged(region, 4);
    expect(lines).toEqual([
      'anna: by UDP, RFC 3164',
      expect.stringMatching(/^anna err: .*\(stage@32473 name=partman\) by UDP, RFC 5424$/),
      'anna: by TCP, RFC 3164',
      expect.stringMatching(/^anna: .*by TCP, RFC 5424, counted$/),
    ]);
    await waitFor(
      async () => {
        const entry = await region.store.get(keyspace.task.key({ idc, sn }));
        return (JSON.parse(entry?.value ?? '{}') as { logs: string[] }).logs.length === 4;
      },
      { what: 'the lines are in the task as well' },
    );
    await becomes(region, counted('udp', 'kept'), 2);
    await becomes(region, counted('tcp', 'kept'), 2);
  });

  it('counts what comes from nobody it knows, and from a machine without an unfinished task', async () => {
    const region = await start();
    await install(region, 'completed');
    await known(region);
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.9');
    await once(socket, 'listening');
    socket.send('<13>a: from somewhere', region.ports.udp, '127.0.0.1');
    await becomes(region, counted('udp', 'unknown-source'), 1);
    socket.close();
    (await dial(region.ports.tcp)).end('<13>a: after the installation\n');
    await becomes(region, counted('tcp', 'no-task'), 1);
    expect(await region.bus.readLogs(source, { after: 0, limit: 10 })).toEqual([]);
  });

  it('survives garbage by UDP and TCP, and a stream without an end', async () => {
    const region = await start();
    await install(region);
    await known(region);
    const socket = createSocket('udp4');
    for (const size of [0, 1, 3, 1_000, 60_000]) {
      socket.send(Buffer.alloc(size, 0xfe), region.ports.udp, '127.0.0.1');
    }
    const stream = await dial(region.ports.tcp);
    stream.write(Buffer.alloc(3_000_000, 0x78));
    stream.end('\n<30>anna: still here\n');
    await waitFor(async () => ((await region.metric(counted('tcp', 'kept'))) ?? 0) >= 2, { what: 'the end of it' });
    await waitFor(async () => ((await region.metric(counted('udp', 'kept'))) ?? 0) >= 4, { what: 'the garbage' });
    socket.close();
    const lines = await logged(region, 6);
    expect(lines).toContain('anna: still here');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(8_192);
  });

  it('bounds the connections of one address, and counts those it refuses', async () => {
    const region = await start();
    for (let index = 0; index < 8; index += 1) await dial(region.ports.tcp);
    await becomes(region, 'rw_syslog_connections', 8);
    const ninth = await dial(region.ports.tcp);
    await once(ninth, 'close');
    await becomes(region, 'rw_syslog_connections_refused_total', 1);
  });

  it('serves machines while its port is taken, and listens once that is free', async () => {
    const port = await freePort();
    const taken = createServer();
    taken.listen(port, '127.0.0.1');
    await once(taken, 'listening');
    const path = join(directory, 'machines.yaml');
    await writeFile(path, '{}');
    const region = await startWholeRegion(directory, {
      env: { RW_SYSLOG_PORT: String(port), RW_SYSLOG_ENABLED: 'true' },
    });
    closing.push(region);
    await whenReady(region);
    const status = async (): Promise<unknown> => (await fetch(`${region.url}/api/v1/pxe/syslog/status`)).json();
    expect(await status()).not.toHaveProperty('tcp_address');
    taken.close();
    await waitFor(async () => Object.hasOwn((await status()) as object, 'tcp_address'), {
      what: 'it listens',
      deadlineMs: 120_000,
    });
  });
});
