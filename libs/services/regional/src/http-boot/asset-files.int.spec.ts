import { createHash, randomBytes } from 'node:crypto';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
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
import { idleMetrics, RawConnection } from './raw-http-fixture.js';

const MIB = 1_048_576;
const MAC = task().mac;
const MARKER =
  '#a8b7e61f1075c37a793f2f92cee89f7bba00c4a8d7842ce3d40b5889032d8881\n' +
  '#ddd16a4fc4926ecefdfb6941e33c44ed3647133638f5e84021ea44d3152e7f97';

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

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const source = { package: 'ipxe', version: '1.0' };

async function list({ assetDir }: RunningPlane, files: Readonly<Record<string, string>>): Promise<void> {
  const entries = Object.entries(files).map(([name, text]) => ({
    name,
    sha256: sha256(text),
    size: text.length,
    source,
  }));
  await writeFile(join(assetDir, 'manifest.tmp'), JSON.stringify({ version: 1, files: entries }));
  await rename(join(assetDir, 'manifest.tmp'), join(assetDir, 'manifest.json'));
}

const statusOf = async (running: RunningPlane, path: string) => (await fetch(`${running.http.url}${path}`)).status;

/** Asks until after the time for which a manifest is taken for unchanged, so that the last answer follows another look. */
async function staysRefused(running: RunningPlane): Promise<void> {
  const until = performance.now() + 1_500;
  for (let askedAt = 0; askedAt < until;) {
    askedAt = performance.now();
    expect(await statusOf(running, '/ipxe/ipxe.efi')).toBe(503);
  }
}

function settledMetrics(running: RunningPlane): Promise<string> {
  return waitFor(() => idleMetrics(running), { what: 'the end of all transfers' });
}

async function states({ metrics }: RunningPlane): Promise<Record<string, number>> {
  const lines = (await metrics.render()).matchAll(/^rw_boot_assets\{state="([a-z]+)"\} (\d+)$/gm);
  return Object.fromEntries([...lines].map(([, state = '', count]) => [state, Number(count)]));
}

describe('the manifest of boot files', () => {
  it('lets out only what it says, notices changes of files and of itself, and shows in the lists', async () => {
    const running = await run();
    const { assetDir, plane } = running;
    await mkdir(join(assetDir, 'static'));
    await writeFile(join(assetDir, 'ipxe.efi'), 'good');
    await writeFile(join(assetDir, 'static/linux'), 'kernel');
    await writeFile(join(assetDir, 'own.efi'), 'not listed');
    await list(running, { 'ipxe.efi': 'good', 'static/linux': 'kernel', 'gone.efi': 'gone' });
    const isVerified = async () => ((await states(running))['verified'] ?? 0) > 0;
    await waitFor(async () => (await statusOf(running, '/ipxe/ipxe.efi')) === 200 && (await isVerified()), {
      what: 'the manifest',
    });
    expect(await statusOf(running, '/static/linux')).toBe(200);
    expect(await statusOf(running, '/ipxe/own.efi')).toBe(200);
    await writeFile(join(assetDir, 'ipxe.efi'), 'evil');
    for (const path of ['/ipxe/ipxe.efi', '/ipxe/ipxe%2eefi', `/ipxe/${MAC}/ipxe.efi`]) {
      const refused = await fetch(`${running.http.url}${path}`);
      expect([path, refused.status, refused.headers.get('retry-after')]).toEqual([path, 503, '10']);
      expect(await refused.text()).not.toContain('evil');
    }
    await symlink('ipxe.efi', join(assetDir, 'alias.efi'));
    expect(await statusOf(running, '/ipxe/alias.efi')).toBe(503);
    expect(await states(running)).toMatchObject({ verified: 1, mismatch: 1 });
    const rows = await plane.files('tftp');
    expect(rows.find(({ name }) => name === 'ipxe.efi')).toEqual({
      name: 'ipxe.efi',
      sha256: sha256('good'),
      size: 4,
      state: 'mismatch',
      source,
    });
    expect(await plane.files('static')).toMatchObject([{ name: 'linux', state: 'verified' }]);
    await writeFile(join(assetDir, 'ipxe.efi'), 'good');
    expect(await statusOf(running, '/ipxe/ipxe.efi')).toBe(200);
    await list(running, { 'ipxe.efi': 'other' });
    await waitFor(async () => (await statusOf(running, '/ipxe/ipxe.efi')) === 503, { what: 'the new manifest' });
    await writeFile(join(assetDir, 'manifest.json'), '{"version": 1, "files": [{"name": "../x"}]}');
    await staysRefused(running);
    await rm(join(assetDir, 'manifest.json'));
    await waitFor(async () => (await statusOf(running, '/ipxe/ipxe.efi')) === 200, { what: 'no manifest' });
  });

  it('is checked when the region starts', async () => {
    const running = await run();
    const { assetDir, plane } = running;
    await writeFile(join(assetDir, 'a.efi'), 'bad');
    await writeFile(join(assetDir, 'b.efi'), 'good');
    await list(running, { 'a.efi': 'abc', 'b.efi': 'good', 'c.efi': 'gone' });
    await plane.stop();
    await plane.start();
    await waitFor(async () => (await states(running))['missing'] === 1, { what: 'the last file to be checked' });
    expect(await states(running)).toEqual({ verified: 1, mismatch: 1, missing: 1, unchecked: 0 });
  });

  it('stays in force when it cannot be read any more', async () => {
    const running = await run();
    const { assetDir } = running;
    await writeFile(join(assetDir, 'ipxe.efi'), 'evil');
    await list(running, { 'ipxe.efi': 'good' });
    await waitFor(async () => (await statusOf(running, '/ipxe/ipxe.efi')) === 503, { what: 'the manifest' });
    await symlink('manifest.json', join(assetDir, 'loop'));
    await rename(join(assetDir, 'loop'), join(assetDir, 'manifest.json'));
    await staysRefused(running);
  });
});

describe('a file that is written over while it is sent', () => {
  it('never comes to an end: its client must not take two halves for a whole', async () => {
    const running = await run();
    const { assetDir, metrics } = running;
    await mkdir(join(assetDir, 'static'));
    const file = join(assetDir, 'static/big');
    await writeFile(file, Buffer.alloc(32 * MIB, 'a'));
    const connection = await RawConnection.open(running.http.port);
    connection.socket.pause();
    connection.send('GET /static/big HTTP/1.1\r\nHost: a\r\n\r\n');
    await waitFor(async () => (await metrics.render()).includes('rw_http_transfers 1\n'), { what: 'the transfer' });
    await writeFile(file, Buffer.alloc(32 * MIB, 'b'), { flag: 'r+' });
    connection.socket.resume();
    await connection.closed;
    expect(connection.headers[0]).toBe('HTTP/1.1 200 OK');
    expect(connection.body.length).toBeLessThan(32 * MIB);
    const text = await settledMetrics(running);
    expect(text).toContain('rw_http_files_total{folder="static",outcome="read-failed"} 1');
    expect(text).toContain('rw_http_file_errors_total{folder="static",code="500"} 1');
  });

  it('is sent to its end when it is replaced or removed', async () => {
    const running = await run();
    const { assetDir, metrics } = running;
    await mkdir(join(assetDir, 'static'));
    const file = join(assetDir, 'static/big');
    await writeFile(file, Buffer.alloc(32 * MIB, 'a'));
    const connection = await RawConnection.open(running.http.port);
    connection.socket.pause();
    connection.send('GET /static/big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    await waitFor(async () => (await metrics.render()).includes('rw_http_transfers 1\n'), { what: 'the transfer' });
    await writeFile(`${file}.tmp`, 'b');
    await rename(`${file}.tmp`, file);
    connection.socket.resume();
    await connection.closed;
    expect(connection.body === 'a'.repeat(32 * MIB)).toBe(true);
  });
});

describe('the script embedded in a boot binary', () => {
  it('says what was set for the machine, at the same length, with a tag of its own; other machines get their own', async () => {
    const running = await run({ RW_IPXE_SCRIPT_PATCH: 'set rw-mac {mac}; set rw-script {script}' });
    const { http, assetDir } = running;
    const binary = Buffer.concat([
      randomBytes(300_000),
      Buffer.from(`#!ipxe\n${MARKER}\nautoboot\n`),
      randomBytes(1_000),
    ]);
    await writeFile(join(assetDir, 'ipxe.efi'), binary);
    const get = async (path: string, headers: Record<string, string> = {}) => {
      const answer = await fetch(`${http.url}${path}`, { headers });
      return { tag: answer.headers.get('etag'), bytes: Buffer.from(await answer.arrayBuffer()) };
    };
    const plain = await get('/ipxe/ipxe.efi');
    const own = await get(`/ipxe/${MAC}/ipxe.efi`);
    const other = await get('/ipxe/020000000001/ipxe.efi');
    expect(plain.bytes.equals(binary)).toBe(true);
    const lines = `set rw-mac 00:1a:2b:3c:4d:5e\nset rw-script ${http.url}/boot/${MAC}/boot.ipxe`;
    const expected = Buffer.from(binary);
    expected.write(lines.padEnd(131), binary.indexOf(MARKER), 'latin1');
    expect(own.bytes.equals(expected)).toBe(true);
    expect(new Set([plain.tag, own.tag, other.tag]).size).toBe(3);
    const middle = binary.indexOf(MARKER) + 40;
    const path = `/ipxe/${MAC}/ipxe.efi`;
    const halves = [
      await get(path, { range: `bytes=0-${middle - 1}` }),
      await get(path, { range: `bytes=${middle}-` }),
    ];
    expect(Buffer.concat(halves.map(({ bytes }) => bytes)).equals(expected)).toBe(true);
    const [lan] = running.region.subnets();
    if (lan === undefined) throw new Error('the fixture has a subnet');
    running.region.putSubnets({ ...lan, cidr: '127.0.0.0/8' as typeof lan.cidr, next_server: address('127.0.0.9') });
    expect((await get(path)).bytes.includes(`http://127.0.0.9:${http.port}/boot/${MAC}/boot.ipxe`)).toBe(true);
  });
});

describe('the metrics of files', () => {
  it('move: files and errors by code, octets, seconds, transfers under way', async () => {
    const running = await run();
    const { http, assetDir, metrics, plane } = running;
    await mkdir(join(assetDir, 'static'));
    await mkdir(join(assetDir, 'repos'));
    await writeFile(join(assetDir, 'static/linux'), 'x'.repeat(1_000));
    await writeFile(join(assetDir, 'repos/big'), randomBytes(64 * MIB));
    const get = async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
      const answer = await fetch(`${http.url}${path}`, { headers, method });
      await answer.arrayBuffer();
      return answer;
    };
    const whole = await get('/static/linux');
    const tag = whole.headers.get('etag') ?? '';
    await get('/static/linux', { range: 'bytes=0-99' });
    await get('/static/linux', { 'if-none-match': tag });
    await get('/static/linux', { 'if-match': '"x"' });
    await get('/static/linux', { range: 'bytes=5000-' });
    await get('/static/linux', {}, 'HEAD');
    await get('/static/none');
    await settledMetrics(running);
    const gone = await RawConnection.open(http.port);
    gone.socket.pause();
    gone.send('GET /repos/big HTTP/1.1\r\nHost: a\r\n\r\n');
    await waitFor(async () => (await metrics.render()).includes('rw_http_transfers 1\n'), { what: 'a transfer' });
    gone.socket.destroy();
    const text = await settledMetrics(running);
    const outcomes = [
      'served',
      'part-served',
      'not-modified',
      'precondition-failed',
      'range-refused',
      'probed',
      'not-found',
    ];
    for (const outcome of outcomes) {
      expect(text).toContain(`rw_http_files_total{folder="static",outcome="${outcome}"} 1`);
    }
    expect(text).toContain('rw_http_files_total{folder="repos",outcome="aborted"} 1');
    for (const code of [404, 412, 416]) {
      expect(text).toContain(`rw_http_file_errors_total{folder="static",code="${code}"} 1`);
    }
    expect(text).toContain('rw_http_file_errors_total{folder="repos",code="499"} 1');
    expect(text).toContain('rw_http_file_bytes_total{folder="static"} 1100');
    expect(text).toContain('rw_http_file_seconds_count{folder="static"} 2');
    expect(plane.counters()).toMatchObject({ http_files: 2 });
  });
});
