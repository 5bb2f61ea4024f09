import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setImmediate as endOfTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it } from 'vitest';
import { FileDocument, FileJournal } from '@rackwright/adapter-file-journal';
import { LiquidTemplates } from '@rackwright/adapter-liquid-templates';
import { MemoryStore } from '@rackwright/adapter-memory-store';
import { NodeDatagramSockets } from '@rackwright/adapter-udp-socket';
import { silentLogger } from '@rackwright/kernel';
import { systemClock } from '@rackwright/platform';
import {
  interpretIpxeScript,
  type IpxeOutcome,
  type IpxeReply,
  type IpxeRequest,
} from '@rackwright/protocol-ipxe-script';
import { waitFor } from '@rackwright/testing';
import { task } from '../answer-files/answer-file-fixture.js';
import { runBootPlane, type RunningPlane } from '../boot-plane/boot-plane-fixture.js';
import { exchange, RawConnection } from './raw-http-fixture.js';

const MIB = 1_048_576;
const MAC = task().mac;

const closing: AsyncDisposable[] = [];
const connections: RawConnection[] = [];
afterEach(async () => {
  for (const { socket } of connections.splice(0)) socket.destroy();
  for (const each of closing.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

async function run(env: Readonly<Record<string, string>>): Promise<RunningPlane> {
  const running = await runBootPlane(
    {
      sockets: new NodeDatagramSockets(),
      templates: new LiquidTemplates(),
      store: new MemoryStore({ clock: systemClock }),
      openLog: (directory) => FileJournal.open({ directory, logger: silentLogger }),
      document: (path) => new FileDocument(path),
    },
    { env: { RW_DHCP_MODE: 'off', RW_TFTP_ENABLED: 'false', ...env } },
  );
  closing.push(running);
  return running;
}

async function open(port: number): Promise<RawConnection> {
  const connection = await RawConnection.open(port);
  connections.push(connection);
  return connection;
}

async function series(running: RunningPlane, name: string): Promise<number> {
  const text = await running.metrics.render();
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function liveHeapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

const GET = 'GET /ipxe/ipxe.efi HTTP/1.1\r\nHost: boot\r\nConnection: close\r\n\r\n';

describe('H13: many and slow connections', () => {
  it('closes a connection whose headers do not arrive in time, however busily it drips (RFC 9110 section 15.5.9)', async () => {
    const running = await run({ RW_HTTP_HEADER_TIMEOUT: '500ms' });
    const drip = await open(running.http.port);
    const silent = await open(running.http.port);
    drip.send('GET / HTTP/1.1\r\n');
    await waitFor(
      () => {
        if (!drip.isClosed) drip.send('X-Drip: 1\r\n');
        return drip.isClosed && silent.isClosed;
      },
      { what: 'both connections to be closed' },
    );
    expect(drip.received).toMatch(/^HTTP\/1\.1 408 /);
    expect(drip.body).toContain('"code":"request-timeout"');
  });

  it('serves on while thousands of connections are idle, in bounded memory, and closes idle ones for new ones', async () => {
    const running = await run({ RW_HTTP_MAX_CONNECTIONS: '1000', RW_HTTP_MAX_CONNECTIONS_PER_CLIENT: '100000' });
    await writeFile(join(running.assetDir, 'ipxe.efi'), 'binary');
    const { port } = running.http;
    // Idle between two requests: at once closable.
    for (let round = 0; round < 10; round += 1) {
      const batch = await Promise.all(Array.from({ length: 100 }, () => open(port)));
      for (const connection of batch) connection.send('HEAD /ipxe/ipxe.efi HTTP/1.1\r\nHost: a\r\n\r\n');
      await waitFor(() => batch.every(({ received }) => received.includes('200 OK')), { what: 'answers' });
    }
    expect(await series(running, 'rw_http_connections')).toBe(1_000);
    expect((await exchange(port, GET)).body).not.toBe('binary');
    await waitFor(async () => (await exchange(port, GET)).body === 'binary', { what: 'idle ones to be closed' });
    // Silent from the beginning: nine thousand more, of which twice the limit are kept, until the headers are overdue.
    const heapBefore = liveHeapBytes();
    for (let round = 0; round < 90; round += 1) await Promise.all(Array.from({ length: 100 }, () => open(port)));
    // Connections that were accepted and closed at once are counted off at the end of a turn of the event loop.
    await endOfTurn();
    expect(await series(running, 'rw_http_connections')).toBeLessThanOrEqual(2_000);
    expect(liveHeapBytes() - heapBefore).toBeLessThan(200 * MIB);
    await waitFor(async () => (await exchange(port, GET)).body === 'binary', {
      what: 'room for those who ask',
      deadlineMs: 60_000,
    });
    expect(await series(running, 'rw_http_refused_total')).toBeGreaterThan(500);
  }, 240_000);

  it('cuts off a client that takes nothing of its file, and leaves alone one that takes it slowly', async () => {
    const stallMs = 5_000;
    const running = await run({ RW_HTTP_STALL_TIMEOUT: `${stallMs}ms` });
    await mkdir(join(running.assetDir, 'static'));
    await writeFile(join(running.assetDir, 'static/big'), randomBytes(32 * MIB));
    const [stalled, slow] = [await open(running.http.port), await open(running.http.port)];
    for (const { socket } of [stalled, slow]) socket.pause();
    for (const each of [stalled, slow]) each.send('GET /static/big HTTP/1.1\r\nHost: boot\r\n\r\n');
    const startedAt = performance.now();
    // More at a time than the kernel gathers before it lets the server write on, and all of it takes longer than a stall.
    const pieces = 10;
    for (let piece = 1; piece <= pieces; piece += 1) {
      await waitFor(
        () => {
          slow.socket.read();
          return slow.received.length >= (piece * 32 * MIB) / pieces;
        },
        { what: `piece ${piece} of the slow one`, pollMs: 1 },
      );
      await waitFor(() => performance.now() - startedAt > (piece * 2 * stallMs) / pieces, { what: 'the next piece' });
    }
    await waitFor(async () => (await series(running, 'rw_http_transfers')) === 0, { what: 'the end' });
    const text = await running.metrics.render();
    expect(text).toContain('rw_http_files_total{folder="static",outcome="aborted"} 1');
    expect(text).toContain('rw_http_files_total{folder="static",outcome="served"} 1');
  });

  it.each([
    { setting: 'RW_HTTP_MAX_CONNECTIONS_PER_CLIENT', reason: 'connections-per-client' },
    { setting: 'RW_HTTP_MAX_CONNECTIONS', reason: 'connections' },
  ])('bounds connections by $setting', async ({ setting, reason }) => {
    const running = await run({ [setting]: '10', RW_HTTP_HEADER_TIMEOUT: '60s' });
    for (let count = 0; count < 10; count += 1) await open(running.http.port);
    let asked = 0;
    // One that asks too late to be told is closed without a word.
    const refused = await waitFor(
      async () => {
        asked += 1;
        const answer = await exchange(running.http.port, GET);
        return answer.received !== '' && answer;
      },
      { what: 'a refusal' },
    );
    expect(refused.headers[0]).toBe('HTTP/1.1 503 Service Unavailable');
    expect(refused.headers.join('\n').toLowerCase()).toContain('retry-after: 2');
    expect(await running.metrics.render()).toContain(`rw_http_refused_total{reason="${reason}"} ${asked}\n`);
  });
});

/** Runs a script as iPXE would, with real requests; `onSleep` is called instead of sleeping. */
async function boot(
  url: string,
  onSleep: () => Promise<void>,
): Promise<{ outcome: IpxeOutcome; statuses: readonly number[] }> {
  const statuses: number[] = [];
  const fetchIt = async (target: string, isScript: boolean): Promise<IpxeReply> => {
    const answer = await fetch(target);
    statuses.push(answer.status);
    const content = isScript ? await answer.text() : (await answer.arrayBuffer()).byteLength;
    if (!answer.ok) return { ok: false, error: `HTTP status ${answer.status}` };
    return typeof content === 'string' ? { ok: true, content } : { ok: true };
  };
  const answer = async (request: IpxeRequest): Promise<IpxeReply> => {
    if (request.kind === 'sleep') await onSleep();
    return request.kind === 'fetch' ? fetchIt(request.url, request.purpose === 'chain') : { ok: true };
  };
  const script = interpretIpxeScript(await (await fetch(url)).text(), { baseUrl: url });
  let step = script.next();
  while (step.done !== true) step = script.next(await answer(step.value));
  return { outcome: step.value, statuses };
}

describe('H14: overload', () => {
  it('answers 503 with Retry-After, and the boot script waits and boots when there is room again', async () => {
    const running = await run({ RW_HTTP_MAX_TRANSFERS: '1' });
    const { http, assetDir, region, metrics } = running;
    for (const name of ['static/debian/12/amd64/linux', 'static/debian/12/amd64/initrd.gz']) {
      await mkdir(dirname(join(assetDir, name)), { recursive: true });
      await writeFile(join(assetDir, name), name);
    }
    await writeFile(join(assetDir, 'static/big'), randomBytes(32 * MIB));
    region.put(task());
    const slow = await open(http.port);
    slow.socket.pause();
    slow.send('GET /static/big HTTP/1.1\r\nHost: boot\r\n\r\n');
    await waitFor(async () => (await series(running, 'rw_http_transfers')) === 1, { what: 'the slow transfer' });
    const refused = await fetch(`${http.url}/static/debian/12/amd64/linux`);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await refused.json()).toMatchObject({ code: 'unavailable' });
    let naps = 0;
    const { outcome, statuses } = await boot(`${http.url}/boot/${MAC}/boot.ipxe`, async () => {
      naps += 1;
      if (naps < 2) return;
      slow.socket.destroy();
      await waitFor(async () => (await series(running, 'rw_http_transfers')) === 0, { what: 'room' });
    });
    expect(outcome).toMatchObject({ kind: 'booted', image: { name: 'linux' } });
    expect([naps, statuses]).toEqual([2, [503, 200, 503, 200, 200, 200]]);
    expect(await metrics.render()).toContain('rw_http_files_total{folder="static",outcome="overloaded"} 3\n');
  });

  it('bounds the requests being answered, but always tells how the service is', async () => {
    const running = await run({ RW_HTTP_MAX_REQUESTS: '1' });
    await mkdir(join(running.assetDir, 'static'));
    await writeFile(join(running.assetDir, 'static/big'), randomBytes(32 * MIB));
    const slow = await open(running.http.port);
    slow.socket.pause();
    slow.send('GET /static/big HTTP/1.1\r\nHost: boot\r\n\r\n');
    await waitFor(async () => (await series(running, 'rw_http_transfers')) === 1, { what: 'the slow transfer' });
    const refused = await fetch(`${running.http.url}/boot/${MAC}/boot.ipxe`);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2']);
    expect((await fetch(`${running.http.url}/health`)).status).toBe(200);
    slow.socket.destroy();
    await waitFor(async () => (await fetch(`${running.http.url}/boot/${MAC}/boot.ipxe`)).ok, { what: 'room' });
  });
});
