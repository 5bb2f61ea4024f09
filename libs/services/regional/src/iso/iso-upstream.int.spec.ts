import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { FileDocument, FileJournal } from '@rackwright/adapter-file-journal';
import { LiquidTemplates } from '@rackwright/adapter-liquid-templates';
import { MemoryStore } from '@rackwright/adapter-memory-store';
import { NodeDatagramSockets } from '@rackwright/adapter-udp-socket';
import { silentLogger } from '@rackwright/kernel';
import { systemClock } from '@rackwright/platform';
import { waitFor } from '@rackwright/testing';
import { argsOf, get, image, isCachedWhole, IsoLab, MAC, MIB, ON_ITS_WAY, patched, sha } from './iso-lab-fixture.js';
import { startOf } from './iso-upstream-fixture.js';

const lab = new IsoLab(() => ({
  sockets: new NodeDatagramSockets(),
  templates: new LiquidTemplates(),
  store: new MemoryStore({ clock: systemClock }),
  openLog: (directory) => FileJournal.open({ directory, logger: silentLogger }),
  document: (path) => new FileDocument(path),
}));
afterEach(() => lab.close());

describe('an upstream', () => {
  it('that breaks off is continued where it broke off', async () => {
    const bytes = image(4 * MIB);
    const { upstream, url } = await lab.upstreamWith(bytes);
    let cuts = 2;
    upstream.intervene = (request, response) => {
      if (cuts === 0) return false;
      cuts -= 1;
      const start = startOf(request.headers.range) ?? 0;
      upstream.breakOff(response, start, start + MIB);
      return true;
    };
    const { http } = await lab.run(`hook=${url}/hook.iso`);
    const { status, body } = await get(`${http.url}/iso/${MAC}/hook.iso`);
    expect([status, sha(body)]).toEqual([200, sha(patched(bytes, argsOf(http.url)))]);
    const starts = upstream.requests.map(({ range }) => startOf(range) ?? 0);
    expect(starts).toHaveLength(3);
    // What was on its way when the connection broke is lost, and nothing else.
    expect(starts[1]).toBeGreaterThan(MIB - ON_ITS_WAY);
    expect(starts[2]).toBeGreaterThan((starts[1] ?? 0) + MIB - ON_ITS_WAY);
    expect(upstream.octetsSent).toBeLessThanOrEqual(bytes.length + 2 * ON_ITS_WAY);
  });

  it('is not read again after a restart, complete or not', async () => {
    const bytes = image(2 * MIB);
    const { upstream, url } = await lab.upstreamWith(bytes);
    const stateDir = await mkdtemp(join(tmpdir(), 'rw-iso-'));
    const again = { stateDir };
    upstream.intervene = (_request, response) => {
      upstream.breakOff(response, 0, MIB);
      upstream.intervene = () => true;
      return true;
    };
    const second = await lab.run(`hook=${url}/hook.iso`, again);
    await get(`${second.http.url}/iso/${MAC}/hook.iso`, { range: 'bytes=0-999' });
    await waitFor(() => upstream.requests.length === 2, { what: 'the break' });
    await lab.stop(second);
    upstream.intervene = () => false;
    const third = await lab.run(`hook=${url}/hook.iso`, again);
    const whole = await get(`${third.http.url}/iso/${MAC}/hook.iso`);
    expect(sha(whole.body)).toBe(sha(patched(bytes, argsOf(third.http.url))));
    await lab.stop(third);
    const fourth = await lab.run(`hook=${url}/hook.iso`, again);
    expect((await get(`${fourth.http.url}/iso/${MAC}/hook.iso`)).body).toHaveLength(bytes.length);
    expect(upstream.octetsSent).toBeLessThanOrEqual(bytes.length + ON_ITS_WAY);
    expect(await readdir(join(stateDir, 'iso'))).toHaveLength(2);
    await lab.stop(fourth);
    await rm(stateDir, { recursive: true });
  });

  it('is asked whether it changed, and a new image replaces the old one when it is complete', async () => {
    const bytes = image(MIB);
    const { upstream, url } = await lab.upstreamWith(bytes);
    const { http, stateDir } = await lab.run(`hook=${url}/hook.iso`, { env: { RW_ISO_REVALIDATE: '0ms' } });
    const iso = `${http.url}/iso/${MAC}/hook.iso`;
    const first = await get(iso);
    await waitFor(async () => (await get(iso)).status === 200 && upstream.requests.length >= 2, { what: 'a question' });
    expect(upstream.octetsSent).toBe(bytes.length);
    upstream.bytes = image(MIB + 5);
    upstream.etag = '"v2"';
    const second = await waitFor(
      async () => {
        const found = await get(iso);
        return found.body.length === MIB + 5 && found;
      },
      { what: 'the new image' },
    );
    expect(sha(second.body)).toBe(sha(patched(upstream.bytes, argsOf(http.url))));
    expect(second.headers.get('etag')).not.toBe(first.headers.get('etag'));
    await waitFor(async () => (await readdir(join(stateDir, 'iso'))).length === 2, {
      what: 'the old image to be removed',
    });
  });

  it.each([
    { answers: 404, status: 502, retryAfter: '30' },
    { answers: 403, status: 502, retryAfter: '30' },
    { answers: 503, status: 503, retryAfter: '5' },
  ])('that answers $answers: a problem with Retry-After', async ({ answers, status, retryAfter }) => {
    const { upstream, url } = await lab.upstreamWith(image(MIB));
    upstream.intervene = (_request, response) => {
      response.writeHead(answers).end('no');
      return true;
    };
    const { http, metrics } = await lab.run(`hook=${url}/hook.iso`);
    const answer = await get(`${http.url}/iso/${MAC}/hook.iso`);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([status, retryAfter]);
    expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(await metrics.render()).toMatch(
      /rw_iso_upstream_failures_total\{iso="hook",code="upstream-refused"\} [1-9]/,
    );
  });

  it('that is silent: machines are told to come again', async () => {
    const { upstream, url } = await lab.upstreamWith(image(MIB));
    upstream.intervene = () => true;
    const { http, metrics } = await lab.run(`hook=${url}/hook.iso`, { env: { RW_ISO_UPSTREAM_TIMEOUT: '200ms' } });
    const answer = await get(`${http.url}/iso/${MAC}/hook.iso`);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await metrics.render()).toContain('rw_iso_upstream_failures_total{iso="hook",code="upstream-stalled"} 3\n');
  });

  it('that cannot be reached, is too large, endless or false', async () => {
    const bytes = image(2 * MIB);
    const { upstream, url } = await lab.upstreamWith(bytes);
    const nowhere = await lab.upstreamWith(bytes);
    await nowhere.upstream[Symbol.asyncDispose]();
    const names = ['chunked', 'large'].map((name) => `${name}=${url}/${name}`);
    names.push(
      `away=${nowhere.url}/x`,
      `false=${url}/false#sha256=${'00'.repeat(32)}`,
      `true=${url}/true#sha256=${sha(bytes)}`,
    );
    upstream.intervene = ({ url: path }, response) => {
      if (path === '/chunked') response.writeHead(200).end(bytes);
      else if (path === '/large') response.writeHead(200, { 'content-length': 9 * MIB }).write('x');
      else return false;
      return true;
    };
    const { http } = await lab.run(names.join(','), { env: { RW_ISO_MAX_MB: '8' } });
    const status = async (name: string) => (await get(`${http.url}/iso/${MAC}/${name}.iso`)).status;
    expect(await Promise.all(['chunked', 'large', 'away', 'false', 'true'].map(status))).toEqual([
      502, 502, 503, 502, 200,
    ]);
  });

  it('leads nowhere but where it may', async () => {
    const bytes = image(MIB);
    const { upstream, url } = await lab.upstreamWith(bytes);
    const inner = await lab.upstreamWith(bytes);
    const targets: Readonly<Record<string, string>> = {
      '/a/inside': '/a/real.iso',
      '/a/outside': `${inner.url}/secret`,
      '/a/above': '/secret',
      '/a/listed': `${inner.url}/mirror/x.iso`,
      '/a/loop': '/a/loop',
      '/a/scheme': 'file:///etc/passwd',
    };
    upstream.intervene = ({ url: path = '' }, response) => {
      const location = targets[path];
      if (location === undefined) return false;
      response.writeHead(302, { location }).end();
      return true;
    };
    const names = Object.keys(targets).map((path) => path.slice(3));
    const { http } = await lab.run(names.map((name) => `${name}=${url}/a/${name}`).join(','), {
      env: { RW_ISO_REDIRECTS: `${inner.url}/mirror/` },
    });
    const statuses = await Promise.all(
      names.map(async (name) => [name, (await get(`${http.url}/iso/${MAC}/${name}.iso`)).status]),
    );
    expect(Object.fromEntries(statuses)).toEqual({
      inside: 200,
      outside: 502,
      above: 502,
      listed: 200,
      loop: 502,
      scheme: 502,
    });
    expect(inner.upstream.requests.map((request) => request.url)).toEqual(['/mirror/x.iso']);
    expect(upstream.requests.filter((request) => request.url === '/secret')).toEqual([]);
  });

  it('shares the disk with others: those not used for longest make room', async () => {
    const { upstream, url } = await lab.upstreamWith(image(2 * MIB));
    const names = ['one', 'two', 'three'];
    const running = await lab.run(names.map((name) => `${name}=${url}/${name}`).join(','), {
      env: { RW_ISO_CACHE_MAX_MB: '5' },
    });
    const { http, stateDir } = running;
    for (const [index, name] of names.entries()) {
      expect((await get(`${http.url}/iso/${MAC}/${name}.iso`)).status).toBe(200);
      await waitFor(() => isCachedWhole(running, Math.min(index + 1, 2)), { what: `${name} in the cache` });
    }
    expect((await readdir(join(stateDir, 'iso'))).filter((name) => name.endsWith('.iso'))).toHaveLength(2);
    expect((await get(`${http.url}/iso/${MAC}/three.iso`)).status).toBe(200);
    expect(upstream.requests).toHaveLength(3);
    await waitFor(() => isCachedWhole(running, 2), { what: 'the end of all transfers' });
    expect((await get(`${http.url}/iso/${MAC}/one.iso`)).status).toBe(200);
    expect(upstream.requests).toHaveLength(4);
  });
});
