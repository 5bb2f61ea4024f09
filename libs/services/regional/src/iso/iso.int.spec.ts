import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { FileDocument, FileJournal } from '@rackwright/adapter-file-journal';
import { LiquidTemplates } from '@rackwright/adapter-liquid-templates';
import { MemoryStore } from '@rackwright/adapter-memory-store';
import { NodeDatagramSockets } from '@rackwright/adapter-udp-socket';
import { silentLogger } from '@rackwright/kernel';
import { systemClock } from '@rackwright/platform';
import { task } from '../answer-files/answer-file-fixture.js';
import { argsOf, get, image, IsoLab, MAC, MAGIC, MIB, patched, sha } from './iso-lab-fixture.js';

const lab = new IsoLab(() => ({
  sockets: new NodeDatagramSockets(),
  templates: new LiquidTemplates(),
  store: new MemoryStore({ clock: systemClock }),
  openLog: (directory) => FileJournal.open({ directory, logger: silentLogger }),
  document: (path) => new FileDocument(path),
}));
afterEach(() => lab.close());

async function part(url: string, start: number, end: number): Promise<Buffer> {
  const { status, body } = await get(url, { range: `bytes=${start}-${end - 1}` });
  expect([status, body.length]).toEqual([206, end - start]);
  return body;
}

describe('a patched ISO', () => {
  it('H5: has the same octets for any split into ranges, and the upstream is read once', async () => {
    const bytes = image(3 * MIB + 17);
    const { upstream, url } = await lab.upstreamWith(bytes);
    const { http, metrics } = await lab.run(`hook=${url}/iso/hook.iso`);
    const iso = `${http.url}/iso/${MAC}/hook.iso`;
    const expected = patched(bytes, argsOf(http.url));
    const whole = await get(iso);
    expect([whole.status, whole.headers.get('content-type')]).toEqual([200, 'application/vnd.efi-iso']);
    expect(whole.headers.get('content-length')).toBe(String(bytes.length));
    expect(sha(whole.body)).toBe(sha(expected));
    expect(expected.includes('rw.token=')).toBe(true);
    const near = (at: number) => fc.integer({ min: at - 20, max: at + MAGIC.length + 20 });
    const place = fc.oneof(fc.nat(bytes.length), near(50_000), near(MIB - 100));
    await fc.assert(
      fc.asyncProperty(fc.array(place, { minLength: 1, maxLength: 6 }), async (places) => {
        const edges = [...new Set([0, ...places, bytes.length])].sort((left, right) => left - right);
        const parts: Buffer[] = [];
        for (const [index, end] of edges.slice(1).entries()) parts.push(await part(iso, edges[index] ?? 0, end));
        expect(sha(Buffer.concat(parts))).toBe(sha(expected));
      }),
      { numRuns: 25 },
    );
    expect(upstream.octetsSent).toBe(bytes.length);
    expect(upstream.requests).toHaveLength(1);
    const text = await metrics.render();
    expect(text).toContain(`rw_iso_upstream_bytes_total{iso="hook"} ${bytes.length}\n`);
    expect(Number(/^rw_iso_cache_bytes (\d+)$/m.exec(text)?.[1])).toBeGreaterThanOrEqual(bytes.length);
  });

  it('H5: is fetched once by many machines that ask at the same moment, before it is there', async () => {
    const bytes = image(2 * MIB);
    const { upstream, url } = await lab.upstreamWith(bytes);
    const { http, region } = await lab.run(`hook=${url}/hook.iso`);
    region.nodesByMac.set('020000000001' as typeof MAC, { ...node('020000000001') });
    const [own, other] = [`${http.url}/iso/${MAC}/hook.iso`, `${http.url}/iso/02-00-00-00-00-01/hook.iso`];
    const answers = await Promise.all([own, other, own, other, own].map((iso) => get(iso)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(upstream.octetsSent).toBe(bytes.length);
    const [first, second] = answers;
    expect(first?.body.equals(patched(bytes, argsOf(http.url)))).toBe(true);
    expect(second?.body.equals(patched(bytes, `rw.url=${http.url} rw.mac=02:00:00:00:00:01`))).toBe(true);
    expect(first?.headers.get('etag')).not.toBe(second?.headers.get('etag'));
    expect(first?.headers.get('etag')).toBe(answers[2]?.headers.get('etag'));
  });

  it('H1 H4 H5: HEAD, If-Range, If-None-Match and 416 by a strong tag that follows the machine and the content', async () => {
    const bytes = image(MIB);
    const { upstream, url } = await lab.upstreamWith(bytes);
    const { http, region } = await lab.run(`hook=${url}/hook.iso`);
    const iso = `${http.url}/iso/${MAC}/hook.iso`;
    const head = await get(iso, {}, 'HEAD');
    const whole = await get(iso);
    const tag = whole.headers.get('etag') ?? '';
    expect(tag).toMatch(/^"[0-9a-f]{32}"$/);
    for (const name of ['etag', 'content-length', 'content-type', 'accept-ranges']) {
      expect([name, head.headers.get(name)]).toEqual([name, whole.headers.get(name)]);
    }
    expect(head.body).toHaveLength(0);
    expect((await get(iso, { 'if-none-match': tag })).status).toBe(304);
    expect((await get(iso, { range: 'bytes=0-9', 'if-range': tag })).status).toBe(206);
    expect((await get(iso, { range: 'bytes=0-9', 'if-range': '"other"' })).status).toBe(200);
    const beyond = await get(iso, { range: `bytes=${bytes.length}-` });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, `bytes */${bytes.length}`]);
    expect(JSON.parse(beyond.body.toString())).toMatchObject({ code: 'range-not-satisfiable' });
    region.put(task({ task_id: 'task-ffffffff' }));
    const next = await get(iso, { range: 'bytes=0-9', 'if-range': tag });
    expect([next.status, next.body.includes('rw.task=task-ffffffff')]).toEqual([200, true]);
    expect(upstream.requests).toHaveLength(1);
  });

  it('comes from the asset directory as well', async () => {
    const bytes = image(2 * MIB);
    const { http, assetDir } = await lab.run('');
    await mkdir(join(assetDir, 'iso'));
    await writeFile(join(assetDir, 'iso/own.iso'), bytes);
    const { status, body } = await get(`${http.url}/iso/${MAC}/own.iso`);
    expect([status, sha(body)]).toEqual([200, sha(patched(bytes, argsOf(http.url)))]);
    const cut = MIB - 50;
    const iso = `${http.url}/iso/${MAC}/own.iso`;
    expect(Buffer.concat([await part(iso, 0, cut), await part(iso, cut, bytes.length)]).equals(body)).toBe(true);
  });

  it('H10: tells nobody whether a machine is unknown or not allowed; logs and metrics do', async () => {
    const { url } = await lab.upstreamWith(image(MIB));
    const { http, region, metrics } = await lab.run(`hook=${url}/hook.iso`);
    region.reserve({ mac: '020000000002' as typeof MAC, allow_netboot: false });
    const answers = await Promise.all(
      ['020000000099/hook.iso', '020000000002/hook.iso', 'nonsense/hook.iso', `${MAC}/other.iso`, `${MAC}/hook`].map(
        async (path) => {
          const { status, headers, body } = await get(`${http.url}/iso/${path}`);
          const { instance, traceId, ...problem } = JSON.parse(body.toString()) as Record<string, unknown>;
          expect([typeof instance, typeof traceId]).toEqual(['string', 'string']);
          return JSON.stringify([status, headers.get('content-type'), problem]);
        },
      ),
    );
    expect(new Set(answers).size).toBe(1);
    const text = await metrics.render();
    for (const [reason, count] of [
      ['machine-unknown', 1],
      ['not-allowed', 1],
      ['mac-invalid', 1],
      ['name-unknown', 2],
    ]) {
      expect(text).toContain(`rw_iso_refusals_total{reason="${reason}"} ${count}`);
    }
  });

  it('H9: a hostile argument is refused by name and never reaches the boot loader', async () => {
    const { url } = await lab.upstreamWith(image(MIB));
    const { http, region } = await lab.run(`hook=${url}/hook.iso`);
    for (const hostile of ['quiet; reboot', 'a=$(x)', 'x"y', "x'y", 'a{b', 'a\nb', 'x'.repeat(400)]) {
      region.put(task({ kernel_args: hostile }));
      const { status, headers, body } = await get(`${http.url}/iso/${MAC}/hook.iso`);
      expect([hostile, status, headers.get('retry-after')]).toEqual([hostile, 503, '30']);
      expect(body.length).toBeLessThan(1_000);
    }
  });
});

function node(mac: string) {
  const at = '2026-11-21T10:00:00.000Z';
  const stamps = { created_at: at, updated_at: at } as unknown as Pick<
    ReturnType<typeof task>,
    'created_at' | 'updated_at'
  >;
  return { mac: mac as typeof MAC, idc: task().idc, status: 'discovered' as const, dns: [], ...stamps };
}
