import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { FileDocument, FileJournal } from '@rackwright/adapter-file-journal';
import { LiquidTemplates } from '@rackwright/adapter-liquid-templates';
import { MemoryStore } from '@rackwright/adapter-memory-store';
import { NodeDatagramSockets } from '@rackwright/adapter-udp-socket';
import { silentLogger } from '@rackwright/kernel';
import { systemClock } from '@rackwright/platform';
import { decodeTftp, encodeTftp, type TftpPacket } from '@rackwright/protocol-tftp';
import { findBinary, waitFor } from '@rackwright/testing';
import { runBootPlane, type PlaneOptions, type RunningPlane } from './boot-plane-fixture.js';

const closing: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of closing.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

async function run(options: PlaneOptions = {}): Promise<RunningPlane> {
  const running = await runBootPlane(
    {
      sockets: new NodeDatagramSockets(),
      templates: new LiquidTemplates(),
      store: new MemoryStore({ clock: systemClock }),
      openLog: (directory) => FileJournal.open({ directory, logger: silentLogger }),
      document: (path) => new FileDocument(path),
    },
    { ...options, env: { RW_DHCP_MODE: 'off', ...options.env } },
  );
  closing.push(running);
  return running;
}

const call = promisify(execFile);
const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const BIG_BYTES = 20 * 1024 * 1024 + 1;

async function withBigFile(running: RunningPlane): Promise<string> {
  const bytes = randomBytes(BIG_BYTES);
  await writeFile(join(running.assetDir, 'big.bin'), bytes);
  return digest(bytes);
}

async function curl(port: number, name: string, ...options: readonly string[]): Promise<Buffer> {
  const url = `tftp://127.0.0.1:${port}/${name}`;
  const { stdout } = await call('curl', ['-sS', '--path-as-is', ...options, url], {
    encoding: 'buffer',
    maxBuffer: 2 * BIG_BYTES,
  });
  return stdout;
}

/** The first packet that answers a request, and the port it came from. */
async function firstAnswer(port: number, request: Uint8Array): Promise<{ packet: TftpPacket; from: number }> {
  const socket = createSocket('udp4');
  const answered = once(socket, 'message') as Promise<[Buffer, { port: number }]>;
  socket.send(request, port, '127.0.0.1');
  const [bytes, { port: from }] = await answered;
  socket.close();
  const packet = decodeTftp(bytes);
  if (!packet.ok) throw new Error(packet.fault.code);
  return { packet: packet.value, from };
}

const rrq = (filename: string, mode = 'octet') => encodeTftp({ kind: 'rrq', filename, mode, options: new Map() });

describe('TFTP on real sockets', () => {
  it('T1 T13: curl fetches 20 MB byte for byte, with its default and with large blocks', async () => {
    const running = await run();
    const expected = await withBigFile(running);
    expect(digest(await curl(running.tftpPort, 'big.bin', '--tftp-blksize', '8192'))).toBe(expected);
    expect(digest(await curl(running.tftpPort, 'big.bin', '--tftp-blksize', '1428'))).toBe(expected);
    await waitFor(() => running.plane.counters()['tftp_transfers'] === 2, { what: 'both transfers to end' });
    expect(running.plane.tftpStatus()).toMatchObject({
      sessions: 0,
      success: 2,
      failed: 0,
      bytes_served: 2 * BIG_BYTES,
    });
  });

  it('T16 T19: atftp and tftp-hpa fetch it too, with more blocks than the counter has numbers', async () => {
    const running = await run();
    const expected = await withBigFile(running);
    const port = String(running.tftpPort);
    const [atftp, tftp] = [
      findBinary('atftp', 'apt-get install atftp'),
      findBinary('tftp', 'apt-get install tftp-hpa'),
    ];
    const first = join(running.stateDir, 'atftp.bin');
    await call(atftp, [
      '--get',
      '--option',
      'blksize 1468',
      '--option',
      'windowsize 16',
      '-r',
      'big.bin',
      '-l',
      first,
      '127.0.0.1',
      port,
    ]);
    expect(digest(await readFile(first))).toBe(expected);
    const second = join(running.stateDir, 'hpa.bin');
    await call(tftp, ['-m', 'binary', '127.0.0.1', port, '-c', 'get', 'big.bin', second]);
    expect(digest(await readFile(second))).toBe(expected);
  });

  it('T2 T6: every transfer has a port of its own; refusals carry their codes', async () => {
    const { tftpPort, assetDir } = await run();
    await writeFile(join(assetDir, 'ipxe.efi'), 'binary');
    const first = await firstAnswer(tftpPort, rrq('ipxe.efi'));
    expect(first.packet).toMatchObject({ kind: 'data', block: 1 });
    expect(first.from).not.toBe(tftpPort);
    expect((await firstAnswer(tftpPort, rrq('missing.efi'))).packet).toMatchObject({ kind: 'error', code: 1 });
    const write = encodeTftp({ kind: 'wrq', filename: 'x', mode: 'octet', options: new Map() });
    expect((await firstAnswer(tftpPort, write)).packet).toMatchObject({ kind: 'error', code: 2 });
    expect((await firstAnswer(tftpPort, rrq('ipxe.efi', 'mail'))).packet).toMatchObject({ kind: 'error' });
    expect((await firstAnswer(tftpPort, Uint8Array.of(0, 9, 0, 0))).packet).toMatchObject({ kind: 'error', code: 4 });
  });

  it('T9: nothing outside of the directory is reachable, not even by a symbolic link', async () => {
    const running = await run();
    const { tftpPort, assetDir, stateDir } = running;
    await writeFile(join(stateDir, 'secret'), 'secret');
    await symlink(join(stateDir, 'secret'), join(assetDir, 'link'));
    await symlink('ipxe.efi', join(assetDir, 'inner'));
    await writeFile(join(assetDir, 'ipxe.efi'), 'binary');
    await mkdir(join(assetDir, 'folder'));
    for (const name of ['../secret', '..\\secret', 'folder/../../secret', 'link', 'folder', `${stateDir}/secret`]) {
      expect([name, (await firstAnswer(tftpPort, rrq(name))).packet.kind]).toEqual([name, 'error']);
    }
    for (const name of ['ipxe.efi', '/ipxe.efi', '00:1a:2b:3c:4d:5e/ipxe.efi', 'inner']) {
      expect((await firstAnswer(tftpPort, rrq(name))).packet).toMatchObject({ kind: 'data', block: 1 });
    }
  });

  it('T21: bounds the transfers of one client', async () => {
    const running = await run({ env: { RW_TFTP_MAX_SESSIONS_PER_CLIENT: '3' } });
    await withBigFile(running);
    const answers = await Promise.all(Array.from({ length: 6 }, () => firstAnswer(running.tftpPort, rrq('big.bin'))));
    const kinds = answers.map(({ packet }) => packet.kind).sort();
    expect(kinds).toEqual(['data', 'data', 'data', 'error', 'error', 'error']);
    expect(running.plane.tftpStatus()).toMatchObject({ sessions: 3 });
  });

  it('counts garbage and goes on', async () => {
    const { tftpPort, assetDir, metrics } = await run();
    await writeFile(join(assetDir, 'ipxe.efi'), 'binary');
    const socket = createSocket('udp4');
    for (const bytes of [Buffer.alloc(0), Buffer.alloc(1), randomBytes(500), Buffer.alloc(60_000, 7)]) {
      socket.send(bytes, tftpPort, '127.0.0.1');
    }
    await waitFor(async () => /result="garbage"\} [3-9]/.test(await metrics.render()), { what: 'the garbage' });
    socket.close();
    expect((await curl(tftpPort, 'ipxe.efi')).toString()).toBe('binary');
  });
});
