import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileDocument, FileJournal } from '@rackwright/adapter-file-journal';
import { LiquidTemplates } from '@rackwright/adapter-liquid-templates';
import { MemoryStore } from '@rackwright/adapter-memory-store';
import { NodeDatagramSockets } from '@rackwright/adapter-udp-socket';
import { silentLogger } from '@rackwright/kernel';
import { systemClock } from '@rackwright/platform';
import { waitFor } from '@rackwright/testing';
import { idleMetrics } from '../http-boot/raw-http-fixture.js';
import { argsOf, get, image, IsoLab, MAC, MIB, ON_ITS_WAY, patched, sha } from './iso-lab-fixture.js';
import { startOf } from './iso-upstream-fixture.js';

const lab = new IsoLab(() => ({
  sockets: new NodeDatagramSockets(),
  templates: new LiquidTemplates(),
  store: new MemoryStore({ clock: systemClock }),
  openLog: (directory) => FileJournal.open({ directory, logger: silentLogger }),
  document: (path) => new FileDocument(path),
}));

let stateDir: string;
beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'rw-iso-'));
});
afterEach(async () => {
  await lab.close();
  await rm(stateDir, { recursive: true });
});

const path = `/iso/${MAC}/hook.iso`;

describe('an upstream in the middle of an image', () => {
  it('that has another image when it is asked for the rest: all of the new one is given out', async () => {
    const old = image(3 * MIB);
    const { upstream, url } = await lab.upstreamWith(old);
    upstream.intervene = (_request, response) => {
      upstream.breakOff(response, 0, 2 * MIB);
      upstream.intervene = () => false;
      upstream.bytes = image(3 * MIB);
      upstream.etag = '"v2"';
      return true;
    };
    const { http } = await lab.run(`hook=${url}/hook.iso`);
    const whole = await waitFor(
      async () => {
        // Who reads the old one is cut off, and comes again.
        const found = await get(`${http.url}${path}`).catch(() => undefined);
        return found?.status === 200 && found;
      },
      { what: 'the new image' },
    );
    expect(sha(whole.body)).toBe(sha(patched(upstream.bytes, argsOf(http.url))));
  });

  it('that has another one under the same weak tag: parts of the two are not put together', async () => {
    const { upstream, url } = await lab.upstreamWith(image(2 * MIB));
    upstream.etag = 'W/"same"';
    upstream.intervene = (_request, response) => {
      response.writeHead(200, { etag: 'W/"same"', 'content-length': 2 * MIB });
      response.write(upstream.bytes.subarray(0, MIB), () => response.destroy());
      upstream.intervene = () => false;
      upstream.bytes = image(2 * MIB);
      return true;
    };
    const { http } = await lab.run(`hook=${url}/hook.iso`);
    const whole = await waitFor(
      async () => {
        const found = await get(`${http.url}${path}`).catch(() => undefined);
        return found?.status === 200 && found;
      },
      { what: 'the new image' },
    );
    expect(sha(whole.body)).toBe(sha(patched(upstream.bytes, argsOf(http.url))));
  });

  it('that sends more than it said takes no more of the disk, and what is given out is right', async () => {
    const bytes = image(2 * MIB);
    const { upstream, url } = await lab.upstreamWith(bytes);
    let sent = 0;
    upstream.intervene = ({ headers }, response) => {
      const start = startOf(headers.range);
      if (start === undefined) {
        if (sent > 0) return false;
        upstream.breakOff(response, 0, MIB);
        return true;
      }
      if (sent > 0) return false;
      // In chunks, so that nothing but the range says where it ends.
      response.writeHead(206, { etag: '"v1"', 'content-range': `bytes ${start}-${2 * MIB - 1}/${2 * MIB}` });
      response.write(bytes.subarray(start));
      const more = (): void => {
        sent += MIB;
        if (sent < 64 * MIB && !response.destroyed) response.write(Buffer.alloc(MIB), more);
      };
      more();
      return true;
    };
    const { http } = await lab.run(`hook=${url}/hook.iso`, { stateDir });
    const whole = await waitFor(
      async () => {
        const found = await get(`${http.url}${path}`).catch(() => undefined);
        return found?.status === 200 && found;
      },
      { what: 'the image' },
    );
    expect(sha(whole.body)).toBe(sha(patched(bytes, argsOf(http.url))));
    expect(sent).toBeLessThan(64 * MIB);
    const files = (await readdir(join(stateDir, 'iso'))).filter((name) => name.endsWith('.iso'));
    expect(await Promise.all(files.map(async (name) => (await stat(join(stateDir, 'iso', name))).size))).toEqual([
      2 * MIB,
    ]);
  });

  it('that falls silent is asked for the rest; what is there is given out meanwhile', async () => {
    const bytes = image(3 * MIB);
    const { upstream, url } = await lab.upstreamWith(bytes);
    upstream.intervene = (_request, response) => {
      response.writeHead(200, { etag: '"v1"', 'content-length': bytes.length });
      upstream.send(response, bytes.subarray(0, 2 * MIB));
      upstream.intervene = () => false;
      return true;
    };
    const { http } = await lab.run(`hook=${url}/hook.iso`, { env: { RW_ISO_UPSTREAM_TIMEOUT: '5s' } });
    const start = await get(`${http.url}${path}`, { range: 'bytes=0-99999' });
    const expected = patched(bytes, argsOf(http.url));
    expect([start.status, sha(start.body)]).toEqual([206, sha(expected.subarray(0, 100_000))]);
    const whole = await get(`${http.url}${path}`);
    expect([whole.status, sha(whole.body)]).toEqual([200, sha(expected)]);
    expect(upstream.octetsSent).toBeLessThanOrEqual(bytes.length + ON_ITS_WAY);
  });
});

describe('the disk of the cache', () => {
  it('that is full: machines are told to come again, and get the image when there is room', async () => {
    const bytes = image(2 * MIB);
    const { url } = await lab.upstreamWith(bytes);
    const directory = join(stateDir, 'iso');
    await mkdir(directory);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'rw-iso-test', directory]);
    try {
      const running = await lab.run(`hook=${url}/hook.iso`, { stateDir });
      const { http, metrics } = running;
      const refused = await get(`${http.url}${path}`, { range: `bytes=${2 * MIB - 1}-` });
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
      expect(await metrics.render()).toMatch(/rw_iso_upstream_failures_total\{iso="hook",code="cache-failed"\} [1-9]/);
      execFileSync('mount', ['-o', 'remount,size=8m', directory]);
      const whole = await waitFor(
        async () => {
          const found = await get(`${http.url}${path}`).catch(() => undefined);
          return found?.status === 200 && found;
        },
        { what: 'the image', deadlineMs: 60_000 },
      );
      expect(sha(whole.body)).toBe(sha(patched(bytes, argsOf(http.url))));
    } finally {
      await lab.close();
      execFileSync('umount', [directory]);
    }
  });

  it('that cannot be read: machines are told to come again, and nothing has to be restarted', async () => {
    const bytes = image(MIB + 300);
    const { url } = await lab.upstreamWith(bytes);
    await writeFile(join(stateDir, 'iso'), 'in the way');
    const running = await lab.run(`hook=${url}/hook.iso`, { stateDir });
    const refused = await get(`${running.http.url}${path}`);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
    await rm(join(stateDir, 'iso'));
    const whole = await get(`${running.http.url}${path}`);
    expect([whole.status, sha(whole.body)]).toEqual([200, sha(patched(bytes, argsOf(running.http.url)))]);
    await lab.stop(running);
  });
});

describe('the metrics of ISO images', () => {
  it('move: octets from the upstream, the cache, files and octets given out', async () => {
    const { url } = await lab.upstreamWith(image(MIB + 300));
    const running = await lab.run(`hook=${url}/hook.iso`);
    const { http } = running;
    await get(`${http.url}${path}`);
    await get(`${http.url}${path}`, { range: 'bytes=0-99' });
    const text = await waitFor(() => idleMetrics(running), { what: 'the end of all transfers' });
    for (const line of [
      `rw_iso_upstream_bytes_total{iso="hook"} ${MIB + 300}`,
      `rw_iso_cache_bytes ${MIB + 300}`,
      'rw_http_files_total{folder="iso",outcome="served"} 1',
      'rw_http_files_total{folder="iso",outcome="part-served"} 1',
      `rw_http_file_bytes_total{folder="iso"} ${MIB + 400}`,
      'rw_http_file_seconds_count{folder="iso"} 2',
    ])
      expect(text.split('\n')).toContain(line);
  });
});
