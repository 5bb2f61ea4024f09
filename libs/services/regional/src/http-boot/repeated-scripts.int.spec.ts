import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { FileDocument, FileJournal } from '@rackwright/adapter-file-journal';
import { LiquidTemplates } from '@rackwright/adapter-liquid-templates';
import { MemoryStore } from '@rackwright/adapter-memory-store';
import { NodeDatagramSockets } from '@rackwright/adapter-udp-socket';
import { formatInstant, silentLogger, type EpochMs, type Mac } from '@rackwright/kernel';
import { systemClock } from '@rackwright/platform';
import { waitFor } from '@rackwright/testing';
import { task } from '../answer-files/answer-file-fixture.js';
import { address, dc1, runBootPlane, TestRegion, type RunningPlane } from '../boot-plane/boot-plane-fixture.js';
import { BootTraces } from '../tracing/boot-traces.js';
import { RawConnection } from './raw-http-fixture.js';
import { RepeatedScripts } from './repeated-scripts.js';

const MAC = task().mac;
const OTHER = '020000000001' as typeof MAC;
const STRANGER = '020000000002' as typeof MAC;
const at = formatInstant(1_700_000_000_000 as EpochMs);

function discover(region: TestRegion, ...macs: readonly Mac[]): void {
  for (const mac of macs) {
    region.nodesByMac.set(mac, { mac, idc: dc1, status: 'discovered', dns: [], created_at: at, updated_at: at });
  }
}

const closing: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of closing.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

async function run(): Promise<RunningPlane> {
  const running = await runBootPlane(
    {
      sockets: new NodeDatagramSockets(),
      templates: new LiquidTemplates(),
      store: new MemoryStore({ clock: systemClock }),
      openLog: (directory) => FileJournal.open({ directory, logger: silentLogger }),
      document: (path) => new FileDocument(path),
    },
    { env: { RW_DHCP_MODE: 'off', RW_TFTP_ENABLED: 'false' } },
  );
  closing.push(running);
  discover(running.region, MAC, OTHER);
  return running;
}

/** Asks on one raw connection, as iPXE does: no header that leaves the shortcut. */
async function ask({ http }: RunningPlane, mac = MAC, query = 'arch=x86_64') {
  const connection = await RawConnection.open(http.port);
  connection.send(`GET /boot/${mac}/boot.ipxe?${query} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  await connection.closed;
  // An answer from the shortcut has no id: nothing was logged under one.
  return {
    isRepeated: !/^x-request-id:/im.test(connection.received),
    headers: connection.headers,
    body: connection.body,
  };
}

const lines = ({ headers }: { readonly headers: readonly string[] }) =>
  headers.map((line) => line.toLowerCase()).sort();

describe('scripts asked for over and over', () => {
  it('are the same octets and header lines as the first time, and counted', async () => {
    const running = await run();
    const first = await ask(running);
    const again = [await ask(running), await ask(running)];
    expect([first, ...again].map(({ isRepeated }) => isRepeated)).toEqual([false, true, true]);
    for (const each of again) expect([each.body, lines(each)]).toEqual([first.body, lines(first)]);
    const seconds = 'rw_http_request_duration_seconds_count{method="GET",route="/boot/:mac/boot.ipxe",status="200"}';
    const text = await waitFor(
      async () => {
        const rendered = await running.metrics.render();
        return rendered.includes(`${seconds} 3\n`) && rendered;
      },
      { what: 'the time of three requests' },
    );
    expect(text).toContain('rw_boot_scripts_total{script="wait",reason="machine-discovered"} 3\n');
    expect(running.plane.counters()).toMatchObject({ scripts_wait: 3 });
  });

  it('are decided anew when the task, the reservation or the subnets change', async () => {
    const running = await run();
    const { region } = running;
    await ask(running);
    await ask(running, OTHER);
    region.put(task({ status: 'pending' }));
    expect(await ask(running)).toMatchObject({ isRepeated: false });
    expect(await ask(running, OTHER)).toMatchObject({ isRepeated: true });
    expect(await ask(running)).toMatchObject({ isRepeated: true });
    region.put(task());
    const install = await ask(running);
    expect([install.isRepeated, install.body.includes('token=')]).toEqual([false, true]);
    expect((await ask(running)).isRepeated).toBe(false);
    expect(region.reports.filter(({ kind }) => kind === 'script-served')).toHaveLength(2);
    region.put(task({ status: 'completed' }));
    expect((await ask(running)).body).toContain('local disk');
    expect(await ask(running)).toMatchObject({ isRepeated: true });
    region.reserve({ mac: OTHER, allow_netboot: false });
    const forbidden = await ask(running, OTHER);
    expect([forbidden.isRepeated, forbidden.body.includes('local disk')]).toEqual([false, true]);
    const [lan] = region.subnets();
    if (lan === undefined) throw new Error('the fixture has a subnet');
    region.putSubnets({ ...lan, next_server: address('10.77.0.2') });
    expect(await ask(running)).toMatchObject({ isRepeated: false });
  });

  it('leave the shortcut for a machine that is no node: every request is another chance to note it', async () => {
    const running = await run();
    for (let count = 0; count < 3; count += 1) {
      expect(await ask(running, STRANGER)).toMatchObject({ isRepeated: false });
    }
    expect(running.region.sightings.filter(({ mac }) => mac === STRANGER)).toHaveLength(3);
  });

  it('leave the shortcut when their URL is longer than ours are', async () => {
    const running = await run();
    for (const [query, isRepeated] of [
      ['x'.repeat(400), true],
      ['x'.repeat(600), false],
    ] as const) {
      await ask(running, MAC, query);
      expect(await ask(running, MAC, query)).toMatchObject({ isRepeated });
    }
  });

  it('are not kept when something changed after they were chosen', () => {
    const region = new TestRegion();
    discover(region, MAC);
    const parts = { leases: { find: () => undefined }, traces: new BootTraces(), publicUrl: () => 'http://10.0.0.1' };
    using repeated = new RepeatedScripts({ ...parts, view: region, onServed: () => undefined });
    const request = { url: `/boot/${MAC}/boot.ipxe`, headers: {}, socket: {} } as IncomingMessage;
    const response = { writeHead: () => undefined, end: () => undefined } as unknown as ServerResponse;
    const given = { mac: MAC, choice: { script: 'wait', reason: 'machine-discovered' }, text: '' } as const;
    const chosenAt = repeated.version;
    region.put(task());
    repeated.remember(request, { ...given, chosenAt });
    expect(repeated.answer(request, response)).toBe(false);
    repeated.remember(request, { ...given, chosenAt: repeated.version });
    expect(repeated.answer(request, response)).toBe(true);
  });

  it('leave the shortcut when the client wants its request traced or found again', async () => {
    const running = await run();
    await ask(running);
    const answer = await fetch(`${running.http.url}/boot/${MAC}/boot.ipxe?arch=x86_64`, {
      headers: { 'x-request-id': 'a1' },
    });
    expect(answer.headers.get('x-request-id')).toBe('a1');
  });

  it('keep to the limits of connections, and to HTTP', async () => {
    const running = await run();
    await ask(running);
    const kept = await RawConnection.open(running.http.port);
    const request = `GET /boot/${MAC}/boot.ipxe?arch=x86_64 HTTP/1.1\r\nHost: a\r\n\r\n`;
    kept.send(request.repeat(20));
    await waitFor(() => kept.received.split('#!ipxe').length === 21, { what: 'twenty scripts on one connection' });
    expect(kept.isClosed).toBe(false);
    kept.socket.destroy();
    const head = await fetch(`${running.http.url}/boot/${MAC}/boot.ipxe?arch=x86_64`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });
});
